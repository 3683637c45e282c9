import { readdir, readFile } from 'node:fs/promises'
import { setTimeout as delay } from 'node:timers/promises'

/** What is in use on this machine, in bytes. */
export interface MemoryUse {
  /** Proportional set size of this process's descendants and of those in a cgroup with `mark` in its path. */
  readonly processes: number
  /** Slab, kernel stacks, page tables, per-cpu data: of the whole machine. */
  readonly kernel: number
}

/** Longest to wait for what others do in the background, and how long it must not change. */
const SETTLE_READINGS_MAX = 20
const SETTLE_MS = 100

/** proc(5), meminfo and smaps_rollup; when no process comes or goes any more. */
export async function readMemory(mark: string): Promise<MemoryUse> {
  let pids = await markedProcesses(mark)
  for (let reading = 0; reading < SETTLE_READINGS_MAX; reading++) {
    await delay(SETTLE_MS)
    const before = pids
    pids = await markedProcesses(mark)
    if (before.join() === pids.join()) break
  }
  const sizes = await Promise.all(pids.map(proportionalSize))
  return { processes: sizes.reduce((sum, size) => sum + size, 0), kernel: await kernelMemory() }
}

const KERNEL_FIELDS = ['Slab', 'KernelStack', 'PageTables', 'Percpu']

async function kernelMemory(): Promise<number> {
  const text = await readFile('/proc/meminfo', 'utf8')
  return KERNEL_FIELDS.reduce((sum, name) => sum + kibibytes(text, name), 0)
}

async function proportionalSize(pid: number): Promise<number> {
  const text = await readFile(`/proc/${pid}/smaps_rollup`, 'utf8').catch(() => '')
  return kibibytes(text, 'Pss')
}

function kibibytes(text: string, field: string): number {
  return Number(new RegExp(`^${field}:\\s+(\\d+) kB`, 'm').exec(text)?.[1] ?? 0) * 1024
}

interface HostProcess {
  readonly pid: number
  readonly parent: number
  readonly isMarked: boolean
}

async function markedProcesses(mark: string): Promise<number[]> {
  const pids = (await readdir('/proc')).filter((name) => /^\d+$/.test(name)).map(Number)
  const found = (await Promise.all(pids.map((pid) => readProcess(pid, mark)))).flat()
  const children = byParent(found)
  const marked = new Set<number>()
  const take = (pid: number): void => {
    if (marked.has(pid)) return
    marked.add(pid)
    for (const child of children.get(pid) ?? []) take(child)
  }
  for (const { pid, isMarked } of found) if (isMarked || pid === process.pid) take(pid)
  // The bench's own memory is nobody's.
  marked.delete(process.pid)
  return [...marked]
}

function byParent(found: readonly HostProcess[]): ReadonlyMap<number, readonly number[]> {
  const children = new Map<number, number[]>()
  for (const { pid, parent } of found) {
    const siblings = children.get(parent) ?? []
    children.set(parent, [...siblings, pid])
  }
  return children
}

/** proc(5), stat: the name in it may hold blanks and brackets. Empty when it has ended meanwhile. */
async function readProcess(pid: number, mark: string): Promise<HostProcess[]> {
  try {
    const stat = await readFile(`/proc/${pid}/stat`, 'utf8')
    const parent = Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[1])
    const isMarked = (await readFile(`/proc/${pid}/cgroup`, 'utf8')).includes(mark)
    return [{ pid, parent, isMarked }]
  } catch {
    return []
  }
}
