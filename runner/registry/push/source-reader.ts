import { createHash } from 'node:crypto'
import { wrongBytes } from '../errors.js'
import type { BlobSource } from '../types.js'

/** Reads the source of a push from its start on, piece by piece, and checks that it gives what it says. */
export class SourceReader {
  /** Bytes that have been given. */
  position = 0
  readonly #source: BlobSource
  readonly #chunks: AsyncIterator<Uint8Array>
  readonly #hash = createHash('sha256')
  #rest: Uint8Array = new Uint8Array()

  constructor(source: BlobSource) {
    this.#source = source
    this.#chunks = source.open()[Symbol.asyncIterator]()
  }

  /** Gives the next bytes, that many. @throws RegistryError SP_IMAGE_DIGEST when there are no more */
  async *take(bytes: number): AsyncGenerator<Uint8Array> {
    const end = this.position + bytes
    while (this.position < end) {
      const chunk = this.#rest.length > 0 ? this.#rest : await this.#next()
      if (chunk === null)
        throw this.#wrong(`it ended after ${this.position} of ${this.#source.size} bytes`)
      const piece = chunk.subarray(0, end - this.position)
      this.#rest = chunk.subarray(piece.length)
      this.position += piece.length
      this.#hash.update(piece)
      yield piece
    }
  }

  async skip(bytes: number): Promise<void> {
    const chunks = this.take(bytes)
    while ((await chunks.next()).done !== true);
  }

  /** To be called once, when all has been taken. @throws RegistryError SP_IMAGE_DIGEST */
  async check(): Promise<void> {
    const hasMore = this.#rest.length > 0 || (await this.#next()) !== null
    if (hasMore) throw this.#wrong(`it has more than ${this.#source.size} bytes`)
    const digest = `sha256:${this.#hash.digest('hex')}`
    if (digest !== this.#source.digest) throw this.#wrong(`its digest is ${digest}`)
  }

  async close(): Promise<void> {
    await this.#chunks.return?.()
  }

  async #next(): Promise<Uint8Array | null> {
    for (;;) {
      const next = await this.#chunks.next()
      if (next.done === true) return null
      if (next.value.length > 0) return next.value
    }
  }

  #wrong(why: string): Error {
    return wrongBytes(`blob ${this.#source.digest}`, 'this machine', why)
  }
}
