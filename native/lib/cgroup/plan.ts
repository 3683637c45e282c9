import { join } from 'node:path'
import { NativeError } from '../error.js'
import type { CgroupLimits } from '../types.js'
import { type SampleFile, SAMPLES } from './samples.js'
import type { CgroupLayout, Controller, Hierarchy } from './layout.js'

/** A directory in which one sandbox gets a cgroup, and what to write into that and read from it. */
export interface CgroupDirectory {
  /** Where the launcher's cgroups are in one hierarchy; it names them itself. */
  readonly directory: string
  /** Of version 2: the sandbox's first process is made in it instead of moving there. */
  readonly unified: boolean
  readonly writes: readonly CgroupWrite[]
  /** Files to be read when the sandbox has ended. */
  readonly reads: readonly string[]
  /** What is read while it runs. */
  readonly samples: readonly SampleFile[]
  /**
   * Whether what its processes read and write is to be added up while it runs. Version 1 can't tell: its
   * blkio controller does not know who wrote what the page cache writes, and counts nothing at all on
   * newer kernels unless something is throttled.
   */
  readonly sumIo: boolean
}

export interface CgroupWrite {
  readonly file: string
  readonly value: string
  /** The kernel may be built without the file. */
  readonly optional: boolean
}

/** Bytes by device (cgroup-v2.rst, "IO Interface Files"); empty before the first one. */
export const IO_FILE = 'io.stat'

/** Length of the window that the CPU limit is counted over, in microseconds: the kernel's default. */
const CPU_PERIOD_US = 100_000
/** The kernel refuses a smaller quota (sched-bwc.rst). */
const CPU_QUOTA_US_MIN = 1_000
/** Bounds of cpu.shares (MIN_SHARES and MAX_SHARES in kernel/sched/sched.h). */
const CPU_SHARES_MIN = 2
const CPU_SHARES_MAX = 262_144
/** What every cgroup has by default: cpu.shares in version 1, cpu.weight in version 2. */
const CPU_SHARES_DEFAULT = 1024
const CPU_WEIGHT_DEFAULT = 100

/**
 * The directories of a sandbox: one in each hierarchy, as each limits or measures something.
 * Files are those of cgroup-v1/memory.rst, sched-bwc.rst and cgroup-v2.rst of the kernel.
 * @throws NativeError SP_NATIVE_NO_CONTROLLER for a limit that nothing on this host could enforce.
 */
export function planCgroups(
  layout: CgroupLayout,
  parent: string,
  limits: CgroupLimits,
): readonly CgroupDirectory[] {
  checkControllers(layout, limits)
  return layout.hierarchies.map((hierarchy) => {
    const directory = join(hierarchy.mountPoint, parent)
    const unified = hierarchy.version === 2
    const files = unified
      ? planV2(hierarchy, limits, layout.mode === 'v2')
      : planV1(hierarchy, limits)
    const sumIo = !unified && hierarchy.controllers.includes('pids')
    return { directory, unified, ...files, sumIo }
  })
}

/** Those of the limits that this host has controllers for. */
export function keepableLimits(layout: CgroupLayout, limits: CgroupLimits): CgroupLimits {
  const found = new Set(layout.hierarchies.flatMap((hierarchy) => hierarchy.controllers))
  const controllerOf = {
    memoryBytes: 'memory',
    cpus: 'cpu',
    cpuWeight: 'cpu',
    pids: 'pids',
  } as const
  const kept = Object.entries(limits).filter(([name]) =>
    found.has(controllerOf[name as keyof CgroupLimits]),
  )
  return Object.fromEntries(kept)
}

function checkControllers(layout: CgroupLayout, limits: CgroupLimits): void {
  const found = new Set(layout.hierarchies.flatMap((hierarchy) => hierarchy.controllers))
  const wanted: readonly (readonly [Controller, number | undefined])[] = [
    ['memory', limits.memoryBytes],
    ['cpu', limits.cpus],
    ['cpu', limits.cpuWeight],
    ['pids', limits.pids],
  ]
  for (const [controller, limit] of wanted) {
    if (limit === undefined || found.has(controller)) continue
    const message = `a ${controller} limit is asked for, but this host has no ${controller} cgroup controller`
    throw new NativeError('SP_NATIVE_NO_CONTROLLER', message)
  }
}

interface Files {
  readonly writes: readonly CgroupWrite[]
  readonly reads: readonly string[]
  readonly samples: readonly SampleFile[]
}

function planV1({ controllers }: Hierarchy, limits: CgroupLimits): Files {
  const parts: Files[] = []
  if (controllers.includes('memory')) parts.push(memoryV1(limits.memoryBytes))
  if (controllers.includes('cpu')) parts.push(cpuV1(limits))
  if (controllers.includes('cpuacct')) parts.push(cpuacct())
  if (controllers.includes('pids')) parts.push(pids(limits.pids))
  return together(parts)
}

function cpuacct(): Files {
  return { writes: [], reads: ['cpuacct.usage'], samples: SAMPLES.cpuacct }
}

function pids(limit: number | undefined): Files {
  const writes = optionalWrite('pids.max', limit)
  return { writes, reads: ['pids.events', 'pids.peak'], samples: SAMPLES.pids }
}

function memoryV1(bytes: number | undefined): Files {
  const limit = [
    ...optionalWrite('memory.limit_in_bytes', bytes),
    // Memory and swap together: no swap on top of the limit. Not there without swap accounting.
    ...optionalWrite('memory.memsw.limit_in_bytes', bytes).map((w) => ({ ...w, optional: true })),
    // TCP buffers are on an account of their own in version 1, with no limit unless it is set.
    ...optionalWrite('memory.kmem.tcp.limit_in_bytes', bytes).map((w) => ({
      ...w,
      optional: true,
    })),
  ]
  return {
    writes: limit,
    reads: ['memory.max_usage_in_bytes', 'memory.oom_control'],
    samples: SAMPLES.memoryV1,
  }
}

/** Made also without a limit: sandboxes share the CPUs as equals only when each has a cgroup of its own. */
function cpuV1({ cpus, cpuWeight }: CgroupLimits): Files {
  const weight = optionalWrite('cpu.shares', cpuWeight && sharesOf(cpuWeight))
  if (cpus === undefined) return { writes: weight, reads: [], samples: [] }
  const quota = [
    ...optionalWrite('cpu.cfs_period_us', CPU_PERIOD_US),
    ...optionalWrite('cpu.cfs_quota_us', quotaUs(cpus)),
  ]
  return { writes: [...weight, ...quota], reads: ['cpu.stat'], samples: SAMPLES.cpuV1 }
}

/** `isOnly`: no controller of use is in version 1. */
function planV2({ controllers }: Hierarchy, limits: CgroupLimits, isOnly: boolean): Files {
  const parts: Files[] = []
  if (controllers.includes('memory')) parts.push(memoryV2(limits.memoryBytes))
  // Time is counted in every cgroup of version 2; version 1 has a file of that name as well.
  if (isOnly || controllers.includes('cpu')) parts.push(cpuV2(limits))
  if (controllers.includes('pids')) parts.push(pids(limits.pids))
  if (controllers.includes('io')) parts.push({ writes: [], reads: [IO_FILE], samples: SAMPLES.io })
  return together(parts)
}

function memoryV2(bytes: number | undefined): Files {
  const swap = bytes === undefined ? undefined : 0
  return {
    writes: [
      ...optionalWrite('memory.max', bytes),
      ...optionalWrite('memory.swap.max', swap).map((w) => ({ ...w, optional: true })),
      // Out of memory ends the whole step, not one process of it at random.
      ...optionalWrite('memory.oom.group', bytes === undefined ? undefined : 1),
    ],
    reads: ['memory.peak', 'memory.events'],
    samples: SAMPLES.memoryV2,
  }
}

function cpuV2({ cpus, cpuWeight }: CgroupLimits): Files {
  const quota = cpus === undefined ? undefined : `${quotaUs(cpus)} ${CPU_PERIOD_US}`
  return {
    writes: [...optionalWrite('cpu.weight', cpuWeight), ...optionalWrite('cpu.max', quota)],
    reads: ['cpu.stat'],
    samples: SAMPLES.cpuV2,
  }
}

function together(parts: readonly Files[]): Files {
  return {
    writes: parts.flatMap((part) => part.writes),
    reads: parts.flatMap((part) => part.reads),
    samples: parts.flatMap((part) => part.samples),
  }
}

function optionalWrite(file: string, value: number | string | undefined): readonly CgroupWrite[] {
  return value === undefined ? [] : [{ file, value: String(value), optional: false }]
}

/**
 * Shares of version 1 for a weight of version 2, default for default: systemd's conversion. (runc's maps the
 * ranges onto each other, which makes 2,597 shares of the default weight.)
 */
function sharesOf(weight: number): number {
  const shares = Math.round((weight * CPU_SHARES_DEFAULT) / CPU_WEIGHT_DEFAULT)
  return Math.min(CPU_SHARES_MAX, Math.max(CPU_SHARES_MIN, shares))
}

function quotaUs(cpus: number): number {
  return Math.max(CPU_QUOTA_US_MIN, Math.round(cpus * CPU_PERIOD_US))
}
