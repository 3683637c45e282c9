import { existsSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { isInHostUserNamespace } from '../user-namespace.js'
import { findDelegatedCgroup } from './delegated.js'

/** Controllers that sandboxes use: those that limit, then those that only measure. */
export const CONTROLLERS = ['memory', 'pids', 'cpu', 'cpuacct', 'io'] as const
/** Those that limits are kept by. */
export const LIMITING_CONTROLLERS = ['memory', 'pids', 'cpu'] as const
export type Controller = (typeof CONTROLLERS)[number]

/** One mounted cgroup hierarchy that has controllers of use. */
export interface Hierarchy {
  readonly version: 1 | 2
  /** Where it is mounted; of a delegated one, the directory in it that is ours. */
  readonly mountPoint: string
  /**
   * It is a part of the host's hierarchy that was given to an ordinary user or a container, with the
   * processes that are in it.
   */
  readonly delegated?: true
  readonly controllers: readonly Controller[]
}

/** Where this host has its controllers: pure version 1, pure version 2, or some in each. */
export interface CgroupLayout {
  readonly mode: 'v1' | 'hybrid' | 'v2' | 'none'
  /** Only those with at least one controller of use. */
  readonly hierarchies: readonly Hierarchy[]
}

/** The layout of this host, as far as this process may use it. */
export async function readCgroupLayout(): Promise<CgroupLayout> {
  const mounts = parseCgroupMounts(await readFile('/proc/self/mountinfo', 'utf8'))
  if (process.geteuid?.() !== 0 || !isInHostUserNamespace()) return delegatedLayout(mounts)
  const unified = mounts.find((mount) => mount.type === 'cgroup2')
  const available = unified
    ? await readFile(join(unified.mountPoint, 'cgroup.controllers'), 'utf8').catch(() => '')
    : ''
  const layout = toLayout(mounts, available.split(/\s+/))
  const isPart = unified !== undefined && existsSync(join(unified.mountPoint, 'cgroup.type'))
  return isPart ? asPart(layout) : layout
}

/** Only the host's own root has no type, and may hand controllers down while processes are in it. */
function asPart({ mode, hierarchies }: CgroupLayout): CgroupLayout {
  const marked = hierarchies.map((hierarchy) =>
    hierarchy.version === 2 ? ({ ...hierarchy, delegated: true } as const) : hierarchy,
  )
  return { mode, hierarchies: marked }
}

/** Of an ordinary user, also one who is root of a namespace: what was delegated to him, or nothing. */
async function delegatedLayout(mounts: readonly CgroupMount[]): Promise<CgroupLayout> {
  const found = await findDelegatedCgroup(mounts)
  if ('reason' in found) return { mode: 'none', hierarchies: [] }
  const text = await readFile(join(found.directory, 'cgroup.controllers'), 'utf8')
  const available = text.trim().split(/\s+/)
  const controllers = CONTROLLERS.filter((name) => available.includes(name))
  if (controllers.length === 0) return { mode: 'none', hierarchies: [] }
  const hierarchy = {
    version: 2,
    mountPoint: found.directory,
    controllers,
    delegated: true,
  } as const
  return { mode: 'v2', hierarchies: [hierarchy] }
}

/** A cgroup file system that is mounted. */
export interface CgroupMount {
  readonly type: 'cgroup' | 'cgroup2'
  readonly mountPoint: string
  /** Options of the superblock; for version 1 the controllers are among them. */
  readonly options: readonly string[]
}

/** The cgroup mounts in the text of /proc/PID/mountinfo (proc_pid_mountinfo(5)). */
export function parseCgroupMounts(mountinfo: string): readonly CgroupMount[] {
  return mountinfo.split('\n').flatMap((line) => {
    const [before, after] = line.split(' - ')
    const mountPoint = before?.split(' ')[4]
    const [type, , options] = after?.split(' ') ?? []
    if (mountPoint === undefined || (type !== 'cgroup' && type !== 'cgroup2')) return []
    return [{ type, mountPoint: unescape(mountPoint), options: options?.split(',') ?? [] }]
  })
}

/** What the mounts amount to; `unifiedControllers` are those of the version 2 root. */
export function toLayout(
  mounts: readonly CgroupMount[],
  unifiedControllers: readonly string[],
): CgroupLayout {
  const seen = new Set<Controller>()
  const hierarchies = mounts.flatMap((mount): Hierarchy[] => {
    const names = mount.type === 'cgroup' ? mount.options : unifiedControllers
    const controllers = CONTROLLERS.filter((name) => names.includes(name) && !seen.has(name))
    controllers.forEach((name) => seen.add(name))
    const version = mount.type === 'cgroup' ? 1 : 2
    return controllers.length > 0 ? [{ version, mountPoint: mount.mountPoint, controllers }] : []
  })
  return { mode: modeOf(mounts, hierarchies), hierarchies }
}

function modeOf(
  mounts: readonly CgroupMount[],
  hierarchies: readonly Hierarchy[],
): CgroupLayout['mode'] {
  if (hierarchies.length === 0) return 'none'
  if (hierarchies.every((hierarchy) => hierarchy.version === 2)) return 'v2'
  return mounts.some((mount) => mount.type === 'cgroup2') ? 'hybrid' : 'v1'
}

/** Blank, tab, newline and backslash are octal in mountinfo. */
function unescape(text: string): string {
  return text.replace(/\\([0-7]{3})/g, (_, digits: string) =>
    String.fromCharCode(Number.parseInt(digits, 8)),
  )
}
