import { stat } from 'node:fs/promises'
import { measureDeleted, measureTree, type DeletedBytes } from './disk-usage.js'
import type { SizedDirectory } from './volumes.js'

const INTERVAL_MS = 1000
/** A measurement may take this much of the time at most. */
const DUTY = 0.2

/** What is to be watched, and who is told of it. */
export interface DiskWatch {
  readonly directories: readonly SizedDirectory[]
  /** Host process id of the sandbox's init. */
  readonly pid: number
  /** Called once, for the first that holds more than it may; null: what it holds can't be told. */
  readonly onFull: (directory: SizedDirectory, usedBytes: number | null) => void
}

/**
 * Measures directories about every second while a step runs, with the files that it deleted and still
 * holds open. What can't be measured counts as too much: it is the step that makes it so.
 * @returns what ends the watch
 */
export function watchDisk({ directories, pid, onFull }: DiskWatch): () => void {
  if (directories.length === 0) return () => undefined
  const ended = new AbortController()
  const { signal } = ended
  let timer: NodeJS.Timeout | undefined
  const look = async (): Promise<void> => {
    const since = performance.now()
    const deleted = await measureDeleted(pid, { signal }).catch(() => null)
    for (const directory of directories) {
      const usedBytes = await measure(directory, deleted, signal).catch(() => null)
      if (signal.aborted) return
      if (usedBytes !== null && usedBytes <= directory.limitBytes) continue
      onFull(directory, usedBytes)
      return
    }
    const tookMs = performance.now() - since
    timer = setTimeout(() => void look(), Math.max(INTERVAL_MS, tookMs / DUTY))
  }
  timer = setTimeout(() => void look(), INTERVAL_MS)
  return () => {
    ended.abort()
    clearTimeout(timer)
  }
}

async function measure(
  { directory, isRoot }: SizedDirectory,
  deleted: DeletedBytes | null,
  signal: AbortSignal,
): Promise<number | null> {
  const named = await measureTree(directory, { signal })
  if (named === null || deleted === null) return null
  if (isRoot === true) return [...deleted.values()].reduce((sum, bytes) => sum + bytes, named)
  const { dev } = await stat(directory)
  return named + (deleted.get(dev) ?? 0)
}
