import { isWrongBytes } from '../errors.js'
import type { Client } from '../http/client.js'
import type { BlobUse, Descriptor, RemoteImage } from '../types.js'
import { onceMore } from './once-more.js'
import { openBlob } from './open-blob.js'

/** @see Registries.withBlob */
export async function withBlob<T>(
  client: Client,
  image: RemoteImage,
  blob: Descriptor,
  use: (bytes: AsyncIterable<Buffer>) => Promise<T>,
  options: BlobUse,
): Promise<T> {
  return onceMore(options, async (suspects) => {
    const end = new AbortController()
    const signal = AbortSignal.any([end.signal, ...(options.signal ? [options.signal] : [])])
    let told = 0
    const onProgress = (bytes: number): void => {
      told += bytes
      options.onProgress?.(bytes)
    }
    const tap = new Tap(openBlob(client, image, blob, { ...options, signal, onProgress }, suspects))
    try {
      return await tap.serve(use, options)
    } catch (error) {
      if (isWrongBytes(error)) options.onProgress?.(-told)
      throw error
    } finally {
      end.abort()
      await tap.close()
    }
  })
}

/** Bytes that are used by someone who may stop early, fail, or not tell why they ended. */
class Tap {
  readonly #bytes: AsyncGenerator<Buffer>
  #fault: { readonly error: unknown } | null = null

  constructor(bytes: AsyncGenerator<Buffer>) {
    this.#bytes = bytes
  }

  async serve<T>(
    use: (bytes: AsyncIterable<Buffer>) => Promise<T>,
    { signal, mayBeBytes }: BlobUse,
  ): Promise<T> {
    try {
      // Without `return`: the rest can be read after whoever uses it has stopped.
      const result = await use({ [Symbol.asyncIterator]: () => ({ next: () => this.#next() }) })
      await this.#readToEnd()
      return result
    } catch (error) {
      signal?.throwIfAborted()
      if (this.#fault === null && mayBeBytes?.(error) === true) {
        await this.#readToEnd().catch(() => undefined)
      }
      throw this.#cause(error)
    }
  }

  async close(): Promise<void> {
    await this.#bytes.return(undefined).catch(() => undefined)
  }

  /** Where no more bytes came, whoever used them failed for that. */
  #cause(error: unknown): unknown {
    return this.#fault ? this.#fault.error : error
  }

  async #next(): Promise<IteratorResult<Buffer, unknown>> {
    try {
      return await this.#bytes.next()
    } catch (error) {
      this.#fault = { error }
      throw error
    }
  }

  /** The last bytes tell whether all were right. */
  async #readToEnd(): Promise<void> {
    while ((await this.#next()).done !== true);
    if (this.#fault) throw this.#fault.error
  }
}
