import { stat } from 'node:fs/promises'
import { measureTree } from './disk-usage.js'

/** There is no time to look through more than this allows. */
const MEASURE_MS_MAX = 10_000

/**
 * What a step, or what the steps of a stage share, takes of the runner's disk: the launcher tells it of
 * layers that are images, directories are measured when somebody asks.
 */
export class DiskMeter {
  readonly #directories: readonly string[]
  #toldBytes = 0

  /** @param directories those that there may be */
  constructor(directories: readonly string[]) {
    this.#directories = directories
  }

  /** What an image held at last; undefined where there is none. */
  told(bytes: number | undefined): void {
    this.#toldBytes = bytes ?? this.#toldBytes
  }

  /** Bytes; what can't be measured counts as nothing. */
  async measure(): Promise<number> {
    const sizes = await Promise.all(this.#directories.map(measure))
    return sizes.reduce((sum, bytes) => sum + bytes, this.#toldBytes)
  }
}

async function measure(directory: string): Promise<number> {
  const isThere = await stat(directory).then(
    () => true,
    () => false,
  )
  return isThere
    ? ((await measureTree(directory, { signal: AbortSignal.timeout(MEASURE_MS_MAX) })) ?? 0)
    : 0
}
