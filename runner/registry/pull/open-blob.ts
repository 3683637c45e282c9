import type { Endpoint } from '../endpoints.js'
import { badAnswer, RegistryError, wrongBytes } from '../errors.js'
import type { Client } from '../http/client.js'
import type { Answer } from '../http/exchange.js'
import { goOnWithout } from '../http/first-that-has.js'
import { Patience } from '../http/retry.js'
import { PROGRESS_BYTES } from '../limits.js'
import { isForeign } from '../manifest/media-types.js'
import type { BlobOptions, Descriptor, RemoteImage } from '../types.js'
import { Received } from './received.js'

/**
 * The bytes of a blob, from the mirrors and the registry; where one fails the next goes on from there.
 * @param suspects labels of mirrors to leave out; gets the labels of those that bytes came from
 * @see Registries.openBlob
 */
export async function* openBlob(
  client: Client,
  image: RemoteImage,
  blob: Descriptor,
  options: BlobOptions,
  suspects: Set<string> = new Set(),
): AsyncGenerator<Buffer> {
  const received = new Received(
    blob,
    `blob ${blob.digest} of ${image.registry}/${image.repository}`,
  )
  const all = client.endpoints.allOf(image.registry)
  const endpoints = all.filter(({ isMirror, label }) => !isMirror || !suspects.has(label))
  for (const endpoint of endpoints) {
    const download = new Download(client, endpoint, image, received, options)
    try {
      yield* download.run()
      break
    } catch (error) {
      for (const label of received.from) suspects.add(label)
      if (endpoint === endpoints.at(-1)) throw error
      goOnWithout(client, endpoint, options, error)
    }
  }
  for (const label of received.from) suspects.add(label)
  received.check()
}

/** Reads what is still missing of a blob from one endpoint. */
class Download {
  readonly #client: Client
  readonly #endpoint: Endpoint
  readonly #image: RemoteImage
  readonly #received: Received
  readonly #options: BlobOptions
  /** False once the endpoint has answered a Range with nonsense. */
  #knowsRange = true

  constructor(
    client: Client,
    endpoint: Endpoint,
    image: RemoteImage,
    received: Received,
    options: BlobOptions,
  ) {
    this.#client = client
    this.#endpoint = endpoint
    this.#image = image
    this.#received = received
    this.#options = options
  }

  /** @throws RegistryError */
  async *run(): AsyncGenerator<Buffer> {
    const patience = new Patience(this.#client.patience(this.#endpoint, this.#options))
    let renewedAt = this.#received.bytes
    for (;;) {
      try {
        yield* this.#rest()
        return
      } catch (error) {
        if (this.#received.bytes - renewedAt >= PROGRESS_BYTES) {
          patience.renew()
          renewedAt = this.#received.bytes
        }
        await patience.after(error)
      }
    }
  }

  async *#rest(): AsyncGenerator<Buffer> {
    const { blob, what } = this.#received
    const answer = await this.#ask()
    let skip = await this.#startOf(answer)
    for await (const chunk of answer.body()) {
      const news = chunk.subarray(Math.min(skip, chunk.length))
      skip -= chunk.length - news.length
      if (news.length === 0) continue
      this.#received.add(news, answer.where)
      this.#options.onProgress?.(news.length)
      yield news
    }
    if (this.#received.isWhole) return
    const why = `it ended after ${String(this.#received.bytes)} of ${String(blob.size)} bytes`
    throw wrongBytes(what, answer.where, why, true)
  }

  async #ask(): Promise<Answer> {
    const { bytes, blob, what } = this.#received
    const isResumed = bytes > 0 && this.#knowsRange
    try {
      return await this.#client.call({
        ...{ endpoint: this.#endpoint, repository: this.#image.repository },
        ...{ method: 'GET', access: 'pull', path: `/blobs/${blob.digest}` },
        headers: isResumed ? { range: `bytes=${String(bytes)}-` } : {},
        expects: isResumed ? [200, 206, 416] : [200],
        what,
        options: this.#options,
      })
    } catch (error) {
      throw isForeign(blob.mediaType) ? explainForeign(error, what) : error
    }
  }

  /** How many bytes to skip until what is missing. @throws RegistryError */
  async #startOf(answer: Answer): Promise<number> {
    const { bytes, blob, what } = this.#received
    if (answer.status === 200) {
      const length = answer.header('content-length')
      if (length !== null && length !== String(blob.size)) {
        await answer.discard()
        const why = `it has ${length} bytes, not ${String(blob.size)}`
        throw wrongBytes(what, answer.where, why)
      }
      return bytes
    }
    const range = answer.header('content-range') ?? ''
    if (answer.status === 206 && isRange(range, bytes, blob.size)) return 0
    this.#knowsRange = false
    await answer.discard()
    throw badAnswer(
      answer.where,
      `asked for bytes from ${String(bytes)} on it answers ${String(answer.status)}`,
      {
        again: true,
      },
    )
  }
}

/** `bytes FIRST-LAST/SIZE` (RFC 9110, 14.4) */
function isRange(text: string, first: number, size: number): boolean {
  const match = /^bytes (\d{1,16})-(\d{1,16})\/(\d{1,16}|\*)$/.exec(text)
  if (!match) return false
  const [, from, last, whole] = match
  return Number(from) === first && Number(last) < size && (whole === '*' || Number(whole) === size)
}

function explainForeign(error: unknown, what: string): unknown {
  if (!(error instanceof RegistryError) || error.status !== 404) return error
  return new RegistryError(
    'SP_IMAGE_NOT_FOUND',
    `${what} may not be handed on, and the registry does not have it`,
    {
      hint: 'The image names a place in the web for it, which is not followed. Use an image that is whole.',
      status: 404,
      cause: error,
    },
  )
}
