import { join } from 'node:path'
import { NativeError } from '../error.js'
import type { CgroupLimits } from '../types.js'
import type { CgroupLayout, Controller, Hierarchy } from './layout.js'

/** A cgroup directory to make for one sandbox, and what to write into it and read from it. */
export interface CgroupDirectory {
  readonly directory: string
  /** Of version 2: the sandbox's first process is made in it instead of moving there. */
  readonly unified: boolean
  readonly writes: readonly CgroupWrite[]
  /** Files to be read when the sandbox has ended. */
  readonly reads: readonly string[]
}

export interface CgroupWrite {
  readonly file: string
  readonly value: string
  /** The kernel may be built without the file. */
  readonly optional: boolean
}

/** Length of the window that the CPU limit is counted over, in microseconds: the kernel's default. */
const CPU_PERIOD_US = 100_000
/** The kernel refuses a smaller quota (sched-bwc.rst). */
const CPU_QUOTA_US_MIN = 1_000

/**
 * The directories of a sandbox: one in each hierarchy that limits or measures something.
 * Files are those of cgroup-v1/memory.rst, sched-bwc.rst and cgroup-v2.rst of the kernel.
 * @throws NativeError SP_NATIVE_NO_CONTROLLER for a limit that nothing on this host could enforce.
 */
export function planCgroups(
  layout: CgroupLayout,
  parent: string,
  name: string,
  limits: CgroupLimits,
): readonly CgroupDirectory[] {
  checkControllers(layout, limits)
  return layout.hierarchies.flatMap((hierarchy) => {
    const directory = join(hierarchy.mountPoint, parent, name)
    const unified = hierarchy.version === 2
    const { writes, reads } = unified ? planV2(limits) : planV1(hierarchy, limits)
    return writes.length + reads.length > 0 ? [{ directory, unified, writes, reads }] : []
  })
}

function checkControllers(layout: CgroupLayout, limits: CgroupLimits): void {
  const found = new Set(layout.hierarchies.flatMap((hierarchy) => hierarchy.controllers))
  const wanted: readonly (readonly [Controller, number | undefined])[] = [
    ['memory', limits.memoryBytes],
    ['cpu', limits.cpus],
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
}

function planV1(hierarchy: Hierarchy, limits: CgroupLimits): Files {
  const parts: Files[] = []
  if (hierarchy.controllers.includes('memory')) parts.push(memoryV1(limits.memoryBytes))
  if (hierarchy.controllers.includes('cpu')) parts.push({ writes: cpuV1(limits.cpus), reads: [] })
  if (hierarchy.controllers.includes('cpuacct'))
    parts.push({ writes: [], reads: ['cpuacct.usage'] })
  if (hierarchy.controllers.includes('pids')) {
    parts.push({ writes: optionalWrite('pids.max', limits.pids), reads: ['pids.events'] })
  }
  return {
    writes: parts.flatMap((part) => part.writes),
    reads: parts.flatMap((part) => part.reads),
  }
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
  return { writes: limit, reads: ['memory.max_usage_in_bytes', 'memory.oom_control'] }
}

function cpuV1(cpus: number | undefined): readonly CgroupWrite[] {
  if (cpus === undefined) return []
  return [
    ...optionalWrite('cpu.cfs_period_us', CPU_PERIOD_US),
    ...optionalWrite('cpu.cfs_quota_us', quotaUs(cpus)),
  ]
}

function planV2(limits: CgroupLimits): Files {
  const cpu = limits.cpus === undefined ? undefined : `${quotaUs(limits.cpus)} ${CPU_PERIOD_US}`
  const swap = limits.memoryBytes === undefined ? undefined : 0
  return {
    writes: [
      ...optionalWrite('memory.max', limits.memoryBytes),
      ...optionalWrite('memory.swap.max', swap).map((w) => ({ ...w, optional: true })),
      // Out of memory ends the whole step, not one process of it at random.
      ...optionalWrite('memory.oom.group', limits.memoryBytes === undefined ? undefined : 1),
      ...optionalWrite('cpu.max', cpu),
      ...optionalWrite('pids.max', limits.pids),
    ],
    reads: ['memory.peak', 'memory.events', 'cpu.stat', 'pids.events'],
  }
}

function optionalWrite(file: string, value: number | string | undefined): readonly CgroupWrite[] {
  return value === undefined ? [] : [{ file, value: String(value), optional: false }]
}

function quotaUs(cpus: number): number {
  return Math.max(CPU_QUOTA_US_MIN, Math.round(cpus * CPU_PERIOD_US))
}
