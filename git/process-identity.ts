import { readFile, readlink } from 'node:fs/promises'

/** Says which process it was, also after its number has been given to another one. */
export interface ProcessIdentity {
  readonly pid: number
  /** Clock ticks after boot at which it started: field 22 of /proc/PID/stat (proc(5)). */
  readonly startTime: string
  readonly bootId: string
  readonly pidNamespace: string
}

/** The identity of this process. */
export async function ownIdentity(): Promise<ProcessIdentity> {
  const [stat, bootId, pidNamespace] = await Promise.all([
    readStat('self'),
    readFile('/proc/sys/kernel/random/boot_id', 'utf8'),
    readlink('/proc/self/ns/pid'),
  ])
  if (stat === null) throw new Error('/proc/self/stat can not be read: is /proc mounted?')
  return { pid: process.pid, startTime: stat.startTime, bootId: bootId.trim(), pidNamespace }
}

/** `unknown` when the process belongs to a pid namespace that can not be seen from here. */
export async function stateOf(
  other: ProcessIdentity,
  own: ProcessIdentity,
): Promise<'alive' | 'dead' | 'unknown'> {
  if (other.bootId !== own.bootId) return 'dead'
  if (other.pidNamespace !== own.pidNamespace) return 'unknown'
  const stat = await readStat(String(other.pid))
  return stat?.startTime === other.startTime && !stat.ended ? 'alive' : 'dead'
}

/** Reads what `ownIdentity` made and JSON carried, or null. */
export function parseIdentity(value: unknown): ProcessIdentity | null {
  if (typeof value !== 'object' || value === null) return null
  const { pid, startTime, bootId, pidNamespace } = value as Record<string, unknown>
  return typeof pid === 'number' &&
    typeof startTime === 'string' &&
    typeof bootId === 'string' &&
    typeof pidNamespace === 'string'
    ? { pid, startTime, bootId, pidNamespace }
    : null
}

/** Reads the first four parts of a name like `PID_STARTTIME_BOOTID_PIDNAMESPACE_...`, each URI-encoded, or null. */
export function parseOwner(name: string): ProcessIdentity | null {
  const [pid, startTime, bootId, pidNamespace] = name.split('_').map(decode)
  if (pid === undefined || startTime === undefined) return null
  if (bootId === undefined || pidNamespace === undefined) return null
  return { pid: Number(pid), startTime, bootId, pidNamespace }
}

function decode(part: string): string {
  try {
    return decodeURIComponent(part)
  } catch {
    return ''
  }
}

async function readStat(pid: string): Promise<{ startTime: string; ended: boolean } | null> {
  const text = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => null)
  if (text === null) return null
  // The second field is the program's name in brackets, which may hold anything, brackets too.
  const fields = text.slice(text.lastIndexOf(')') + 2).split(' ')
  return { startTime: fields[19] ?? '', ended: fields[0] === 'Z' || fields[0] === 'X' }
}
