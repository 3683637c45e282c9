import { readdirSync } from 'node:fs'
import { readdir, readFile } from 'node:fs/promises'
import path from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { readCgroupLayout } from '../../native/lib/cgroup/layout.js'
import { messageOf } from '../../protocol/errors.js'

/** What a launcher holds of the machine, and this process: numbers that are flat when nothing leaks. */
export interface LauncherState {
  /** Processes that are its children, zombies among them. */
  readonly children: number
  readonly launcherFds: number
  readonly ownFds: number
  /** Mounts in its mount namespace; and of files of its sandboxes in this process's. */
  readonly mounts: number
  readonly hostMounts: number
  /** Directories of stages in the launcher's own root. */
  readonly stages: number
  /** Loop devices that have files of its sandboxes. */
  readonly loops: number
  /** Cgroup directories below its parent. */
  readonly cgroups: number
}

export interface LauncherPlace {
  readonly pid: number
  readonly cgroupParent: string
  /** Has the files of its sandboxes. */
  readonly directory: string
}

export async function readState({
  pid,
  cgroupParent,
  directory,
}: LauncherPlace): Promise<LauncherState> {
  // By itself: the others open files too.
  const ownFds = readdirSync('/proc/self/fd').length
  const [children, launcherFds, mounts, hostMounts, stages, loops, cgroups] = await Promise.all([
    childrenOf(pid),
    entries(`/proc/${pid}/fd`),
    // What others mount on the host comes along below /host.
    lines(`/proc/${pid}/mountinfo`, /^(\S+ ){4}(?!\/host\/)/),
    lines('/proc/self/mountinfo', directory),
    entries(`/proc/${pid}/root/stages`),
    loopsOf(directory),
    cgroupsBelow(cgroupParent),
  ])
  return {
    children,
    launcherFds,
    ownFds,
    mounts,
    hostMounts,
    stages,
    loops,
    cgroups: cgroups.length,
  }
}

/**
 * Waits until nothing is more than it was.
 * @throws Error that says what is, when that takes longer than `patienceMs`.
 */
export async function settle(
  place: LauncherPlace,
  before: LauncherState,
  patienceMs = 3000,
): Promise<void> {
  const deadline = performance.now() + patienceMs
  for (;;) {
    const grown = growth(before, await readState(place))
    if (grown.length === 0) return
    if (performance.now() > deadline) throw new Error(`left behind: ${grown.join(', ')}`)
    await delay(2)
  }
}

/** What is more than before, e.g. `mounts 31 -> 32`. */
export function growth(before: LauncherState, after: LauncherState): string[] {
  const names = Object.keys(before) as (keyof LauncherState)[]
  return names
    .filter((name) => after[name] > before[name])
    .map((name) => `${name} ${before[name]} -> ${after[name]}`)
}

/** The cgroup directories of a launcher, its parent's own left out. */
export async function cgroupsBelow(parent: string): Promise<string[]> {
  const { hierarchies } = await readCgroupLayout()
  const found = await Promise.all(
    hierarchies.map(({ mountPoint }) => directoriesBelow(path.join(mountPoint, parent))),
  )
  return found.flat()
}

/** Processes of a program, by its path. */
export async function processesOf(program: string): Promise<number[]> {
  const pids = (await readdir('/proc')).filter((name) => /^\d+$/.test(name))
  const maps = await Promise.all(
    pids.map((pid) => readFile(`/proc/${pid}/maps`, 'utf8').catch(() => '')),
  )
  return pids.filter((_, index) => maps[index]?.includes(program)).map(Number)
}

/** Waits for a condition that must come true. @throws Error with `what` when it takes too long. */
export async function eventually(
  what: string,
  condition: () => Promise<boolean> | boolean,
  patienceMs = 5000,
): Promise<void> {
  const deadline = performance.now() + patienceMs
  while (!(await condition())) {
    if (performance.now() > deadline) throw new Error(`never: ${what}`)
    await delay(2)
  }
}

/** Rejects when a promise takes too long: something hangs. */
export async function within<T>(patienceMs: number, what: string, work: Promise<T>): Promise<T> {
  const timer = new AbortController()
  const late = delay(patienceMs, undefined, { signal: timer.signal }).then(() => {
    throw new Error(`${what} hangs`)
  })
  try {
    return await Promise.race([work, late])
  } finally {
    timer.abort()
    late.catch((error: unknown) => messageOf(error))
  }
}

async function directoriesBelow(directory: string): Promise<string[]> {
  const found = await readdir(directory, { withFileTypes: true }).catch(() => [])
  const own = found.filter((entry) => entry.isDirectory()).map(({ name }) => name)
  const below = await Promise.all(own.map((name) => directoriesBelow(path.join(directory, name))))
  return [...own.map((name) => path.join(directory, name)), ...below.flat()]
}

async function childrenOf(pid: number): Promise<number> {
  const text = await readFile(`/proc/${pid}/task/${pid}/children`, 'utf8').catch(() => '')
  return text.split(' ').filter(Boolean).length
}

/** The kernel shows the path that the launcher opened: the host's tree is below its /host. */
async function loopsOf(directory: string): Promise<number> {
  const names = (await readdir('/sys/block')).filter((name) => name.startsWith('loop'))
  const files = names.map((name) =>
    readFile(`/sys/block/${name}/loop/backing_file`, 'utf8').catch(() => ''),
  )
  return (await Promise.all(files)).filter((file) => file.includes(directory)).length
}

async function entries(directory: string): Promise<number> {
  return (await readdir(directory).catch(() => [])).length
}

async function lines(file: string, having: RegExp | string): Promise<number> {
  const text = await readFile(file, 'utf8').catch(() => '')
  return text.split('\n').filter((line) => line.match(having)).length
}
