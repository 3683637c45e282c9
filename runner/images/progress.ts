import type { PullProgress } from './types.js'

/** Adds up how far the layers of one pull are, and tells it with every change. */
export class ProgressMeter {
  readonly #sizes: readonly number[]
  readonly #counts: number[]
  readonly #onProgress: ((progress: PullProgress) => void) | undefined
  #layersDone = 0

  /** @param sizes of the layers' blobs, in bytes */
  constructor(sizes: readonly number[], onProgress?: (progress: PullProgress) => void) {
    this.#sizes = sizes
    this.#counts = sizes.map(() => 0)
    this.#onProgress = onProgress
    this.#tell()
  }

  /** So many more bytes of the layer have come. What comes a second time does not count twice. */
  add(layer: number, bytes: number): void {
    const size = this.#sizes[layer] ?? 0
    this.#counts[layer] = Math.min(size, (this.#counts[layer] ?? 0) + bytes)
    this.#tell()
  }

  done(layer: number): void {
    this.#counts[layer] = this.#sizes[layer] ?? 0
    this.#layersDone += 1
    this.#tell()
  }

  #tell(): void {
    this.#onProgress?.({
      layers: this.#sizes.length,
      layersDone: this.#layersDone,
      bytes: this.#sizes.reduce((sum, size) => sum + size, 0),
      bytesDone: this.#counts.reduce((sum, count) => sum + count, 0),
    })
  }
}
