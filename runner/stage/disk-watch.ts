import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import type { SizedDirectory } from './volumes.js'

const run = promisify(execFile)

const INTERVAL_MS = 1000
/** A measurement may take this much of the time at most. */
const DUTY = 0.2
const MEASURE_TIMEOUT_MS = 60_000

/**
 * Measures directories about every second while a step runs, and calls `onFull` once, for the first that
 * holds more than it may. `du` walks by descriptors, off our event loop, and ends with the watch.
 * @returns what ends the watch
 */
export function watchDisk(
  directories: readonly SizedDirectory[],
  onFull: (directory: SizedDirectory, usedBytes: number) => void,
): () => void {
  if (directories.length === 0) return () => undefined
  const ended = new AbortController()
  const { signal } = ended
  let timer: NodeJS.Timeout | undefined
  const look = async (): Promise<void> => {
    const since = performance.now()
    for (const directory of directories) {
      const usedBytes = await measure(directory.directory, signal)
      if (signal.aborted) return
      if (usedBytes <= directory.limitBytes) continue
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

/** Bytes on disk; what vanishes under it makes du fail, and its sum counts all the same. */
async function measure(directory: string, signal: AbortSignal): Promise<number> {
  const args = ['--summarize', '--block-size=1', '--one-file-system', '--', directory]
  const options = { signal, timeout: MEASURE_TIMEOUT_MS, maxBuffer: 1024 * 1024 }
  const stdout = await run('du', args, options).then(
    (result) => result.stdout,
    (error: unknown) => (error as { readonly stdout?: string }).stdout ?? '',
  )
  return Number.parseInt(stdout, 10) || 0
}
