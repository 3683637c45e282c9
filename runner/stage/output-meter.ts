const NEWLINE = 0x0a

/** Counts what a step prints and says where it is too much. */
export class OutputMeter {
  readonly #bytesMax: number
  readonly #linesMax: number
  #bytes = 0
  #lines = 0

  constructor(limits: { readonly outputBytes: number; readonly outputLines: number }) {
    this.#bytesMax = limits.outputBytes
    this.#linesMax = limits.outputLines
  }

  /** Which limit stopped the count, if one did. */
  get breached(): 'bytes' | 'lines' | null {
    if (this.#bytes > this.#bytesMax) return 'bytes'
    return this.#lines > this.#linesMax ? 'lines' : null
  }

  /** How many of the bytes are within the limits. */
  take(data: Uint8Array): number {
    const room = Math.max(0, this.#bytesMax - this.#bytes)
    this.#bytes += data.length
    const end = Math.min(room, data.length)
    for (let index = 0; index < end; index++) {
      if (data[index] === NEWLINE && ++this.#lines > this.#linesMax) return index
    }
    return end
  }
}
