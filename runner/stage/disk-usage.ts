import { readdir, readlink, statfs } from 'node:fs/promises'
import { capture, type CaptureOptions } from './capture.js'

/** Arguments of one command; execve(2) takes some 2 MiB of them. */
const ROOTS_MAX = 4000
/** TMPFS_MAGIC and HUGETLBFS_MAGIC of statfs(2). */
const IN_MEMORY = [0x01021994, 0x958458f6]
const BLOCK_BYTES = 512

/** Bytes on disk of the deleted files on one file system, by its device number. */
export type DeletedBytes = ReadonlyMap<number, number>

/**
 * Bytes on disk of a directory, or null when they can't be told. What vanishes under `du` makes it fail,
 * and its sum counts all the same. It walks by descriptors, off our event loop.
 */
export async function measureTree(
  directory: string,
  options: CaptureOptions,
): Promise<number | null> {
  const args = ['--summarize', '--block-size=1', '--one-file-system', '--', directory]
  const bytes = Number.parseInt((await capture('du', args, options)) ?? '', 10)
  return Number.isNaN(bytes) ? null : bytes
}

/**
 * Files without a name that processes of a sandbox still hold, by a descriptor or a mapping: they take
 * space, but no directory has them. Files in memory are left out; null when they can't be told.
 * @param initPid host process id of the sandbox's init
 */
export async function measureDeleted(
  initPid: number,
  options: CaptureOptions,
): Promise<DeletedBytes | null> {
  const roots: string[] = []
  for (const pid of await processesOf(initPid)) roots.push(...(await rootsOf(pid)))
  const lines: string[] = []
  for (let at = 0; at < roots.length; at += ROOTS_MAX) {
    const found = await findDeleted(roots.slice(at, at + ROOTS_MAX), options)
    if (found === null) return null
    lines.push(...found.split('\n'))
  }
  return sumByDevice(lines)
}

/** Those in the pid namespace of that process: nothing in a sandbox can make another one. */
async function processesOf(initPid: number): Promise<readonly string[]> {
  const [namespace, own] = await Promise.all([namespaceOf(initPid), namespaceOf('self')])
  if (namespace === null || namespace === own) return []
  const pids: string[] = []
  for (const name of await readdir('/proc')) {
    if (/^\d+$/.test(name) && (await namespaceOf(name)) === namespace) pids.push(name)
  }
  return pids
}

function namespaceOf(pid: number | string): Promise<string | null> {
  return readlink(`/proc/${pid}/ns/pid`).catch(() => null)
}

/** A thread can have descriptors of its own (unshare(2), CLONE_FILES). */
async function rootsOf(pid: string): Promise<readonly string[]> {
  const threads = await readdir(`/proc/${pid}/task`).catch(() => [])
  return [`/proc/${pid}/map_files`, ...threads.map((thread) => `/proc/${pid}/task/${thread}/fd`)]
}

function findDeleted(roots: readonly string[], options: CaptureOptions): Promise<string | null> {
  const which = ['-mindepth', '1', '-maxdepth', '1', '-type', 'f', '-links', '0']
  return capture('find', ['-L', ...roots, ...which, '-printf', '%D %i %b %p\n'], options)
}

async function sumByDevice(lines: readonly string[]): Promise<DeletedBytes> {
  const files = new Set<string>()
  const isOnDisk = new Map<string, boolean>()
  const sums = new Map<number, number>()
  for (const line of lines) {
    const [device, inode, blocks, file] = line.split(' ')
    if (device === undefined || file === undefined || files.has(`${device} ${inode}`)) continue
    const counts = isOnDisk.get(device) ?? (await onDisk(file))
    if (counts === null) continue
    isOnDisk.set(device, counts)
    files.add(`${device} ${inode}`)
    const before = sums.get(Number(device)) ?? 0
    if (counts) sums.set(Number(device), before + Number(blocks) * BLOCK_BYTES)
  }
  return sums
}

/** Null when the file was closed meanwhile. */
async function onDisk(file: string): Promise<boolean | null> {
  const stat = await statfs(file).catch(() => null)
  return stat === null ? null : !IN_MEMORY.includes(stat.type)
}
