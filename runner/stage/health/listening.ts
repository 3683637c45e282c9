import { open, readlink } from 'node:fs/promises'

/** Listening sockets come first in the tables; this is some thousands of them. */
const TABLE_BYTES_MAX = 1024 * 1024
/** TCP_LISTEN as /proc/net/tcp has it (proc_pid_net(5), include/net/tcp_states.h). */
const LISTEN = '0A'

/** What identifies the network namespace of a process, or null when there is no such process. */
export async function networkOf(pid: number): Promise<string | null> {
  return readlink(`/proc/${pid}/ns/net`).catch(() => null)
}

/**
 * Whether something listens on a TCP port in the network namespace `network` of a process. A process id
 * is soon given to another process: one in another network counts as none.
 */
export async function isListening(pid: number, network: string, port: number): Promise<boolean> {
  const tables = await Promise.all(['tcp', 'tcp6'].map((name) => readTable(pid, name)))
  if ((await networkOf(pid)) !== network) return false
  return tables.some((table) => hasListener(table, port))
}

/** Whether a table in the format of /proc/net/tcp has a listening socket on the port. */
export function hasListener(table: string, port: number): boolean {
  const suffix = `:${port.toString(16).toUpperCase().padStart(4, '0')}`
  return table.split('\n').some((line) => {
    const [, local = '', , state] = line.trim().split(/\s+/, 4)
    return state === LISTEN && local.endsWith(suffix)
  })
}

async function readTable(pid: number, name: string): Promise<string> {
  const file = await open(`/proc/${pid}/net/${name}`, 'r').catch(() => null)
  if (file === null) return ''
  try {
    return await readSome(file)
  } catch {
    return ''
  } finally {
    await file.close()
  }
}

async function readSome(file: Awaited<ReturnType<typeof open>>): Promise<string> {
  const buffer = Buffer.alloc(TABLE_BYTES_MAX)
  let size = 0
  while (size < buffer.length) {
    // The kernel gives a page at a time, and keeps the place itself.
    const { bytesRead } = await file.read(buffer, size, buffer.length - size, null)
    if (bytesRead === 0) break
    size += bytesRead
  }
  return buffer.toString('latin1', 0, size)
}
