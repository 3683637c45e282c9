import { stat } from 'node:fs/promises'

/** Bytes on disk that a step's output file may take; much more than is read of it. */
export const OUTPUT_DISK_BYTES_MAX = 1024 * 1024
const INTERVAL_MS = 200
const BLOCK_BYTES = 512

/**
 * Looks at the size of a step's output file, which is on the host's disk, while the step runs, and calls
 * `onFull` once when it takes more than it may. A file of holes takes nothing.
 * @returns what ends the watch
 */
export function watchOutputs(file: string, onFull: (usedBytes: number) => void): () => void {
  const look = async (): Promise<void> => {
    const usedBytes = await stat(file).then(
      ({ blocks }) => blocks * BLOCK_BYTES,
      () => 0,
    )
    if (timer === null) return
    if (usedBytes <= OUTPUT_DISK_BYTES_MAX) {
      timer = setTimeout(() => void look(), INTERVAL_MS)
      return
    }
    timer = null
    onFull(usedBytes)
  }
  let timer: NodeJS.Timeout | null = setTimeout(() => void look(), INTERVAL_MS)
  return () => {
    if (timer) clearTimeout(timer)
    timer = null
  }
}
