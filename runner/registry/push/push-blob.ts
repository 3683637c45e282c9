import type { ImageName } from '../../layers/image-name.js'
import type { Endpoint } from '../endpoints.js'
import { badAnswer, RegistryError } from '../errors.js'
import type { Call, Client } from '../http/client.js'
import type { Answer } from '../http/exchange.js'
import { Patience } from '../http/retry.js'
import { PROGRESS_BYTES, SINGLE_UPLOAD_BYTES_MAX, UPLOAD_PIECES_BYTES } from '../limits.js'
import type { BlobSource, PushBlobOptions, Pushed } from '../types.js'
import { SourceReader } from './source-reader.js'
import { uploadedBytes, uploadLocation, withDigest } from './upload-location.js'

type Part = Pick<Call, 'method' | 'path' | 'expects' | 'headers' | 'body' | 'mountFrom'>

const LOST = new Set([400, 404, 416])
const LOSSES_MAX = 2

/** An upload that has begun. */
interface Session {
  location: URL
  /** Bytes that the registry has. */
  offset: number
}

/** @see Registries.pushBlob */
export async function pushBlob(
  client: Client,
  target: ImageName,
  source: BlobSource,
  options: PushBlobOptions,
): Promise<Pushed> {
  const push = new BlobPush(client, target, source, options)
  try {
    return await push.run()
  } finally {
    await push.close()
  }
}

/** One blob on its way to a repository (distribution-spec, "Pushing blobs"). */
class BlobPush {
  readonly #client: Client
  readonly #endpoint: Endpoint
  readonly #target: ImageName
  readonly #source: BlobSource
  readonly #options: PushBlobOptions
  #reader: SourceReader | null = null
  /** Null: all in one request. */
  #pieceBytes: number | null = null
  readonly #smaller = [...UPLOAD_PIECES_BYTES]
  #told = 0
  #losses = 0

  constructor(client: Client, target: ImageName, source: BlobSource, options: PushBlobOptions) {
    this.#client = client
    this.#endpoint = client.endpoints.of(target.registry)
    this.#target = target
    this.#source = source
    this.#options = options
  }

  async run(): Promise<Pushed> {
    const patience = new Patience(this.#client.patience(this.#endpoint, this.#options))
    let session: Session | null = null
    let failures = 0
    let renewedAt = 0
    for (;;) {
      try {
        const begun: Session | Pushed = session ?? (await this.#begin())
        if (typeof begun === 'string') return begun
        session = begun
        await this.#send(session)
        return 'uploaded'
      } catch (error) {
        failures += 1
        await this.#afterFailure(patience, error)
        session = await this.#recover(session)
        const kept: number = session?.offset ?? 0
        if (kept - renewedAt >= PROGRESS_BYTES) {
          patience.renew()
          renewedAt = kept
          // A proxy that takes no more than so much at once often says so by breaking off.
        } else if (failures >= 2 && this.#pieceBytes === null) this.#makeSmaller()
        this.#tell(kept)
      }
    }
  }

  async close(): Promise<void> {
    const reader = this.#reader
    this.#reader = null
    await reader?.close().catch(() => undefined)
  }

  async #afterFailure(patience: Patience, error: unknown): Promise<void> {
    await this.close()
    const isTooMuch = error instanceof RegistryError && error.status === 413
    if (!isTooMuch || !this.#makeSmaller()) await patience.after(error)
  }

  /** @returns false when the pieces are small already */
  #makeSmaller(): boolean {
    const bytes = this.#smaller.shift()
    if (bytes === undefined) return false
    this.#pieceBytes = bytes
    return true
  }

  /** Looks whether the blob is there, or can be had from another repository; else begins an upload. */
  async #begin(): Promise<Session | Pushed> {
    if (await this.#isThere()) return 'there'
    const { mountFrom } = this.#options
    const answer = mountFrom === undefined ? await this.#post('') : await this.#mount(mountFrom)
    await answer.discard()
    if (answer.status === 201) return 'mounted'
    const shortest = Number(answer.header('oci-chunk-min-length') ?? 0)
    if (this.#pieceBytes !== null && shortest > this.#pieceBytes && shortest <= 2 ** 30) {
      this.#pieceBytes = shortest
    }
    return { location: uploadLocation(answer, this.#endpoint), offset: 0 }
  }

  async #isThere(): Promise<boolean> {
    const path = `/blobs/${this.#source.digest}`
    const answer = await this.#call({ method: 'HEAD', path, expects: [200, 404, 405] })
    await answer.discard()
    return answer.status === 200
  }

  /** Who may not read the other repository uploads. */
  async #mount(from: string): Promise<Answer> {
    const query = new URLSearchParams({ mount: this.#source.digest, from })
    try {
      return await this.#post(`?${query.toString()}`, from)
    } catch (error) {
      const isUseless = error instanceof RegistryError && !error.again && error.status !== null
      if (!isUseless) throw error
      return this.#post('')
    }
  }

  #post(query: string, mountFrom?: string): Promise<Answer> {
    return this.#call({
      ...{ method: 'POST', path: `/blobs/uploads/${query}`, expects: [201, 202] },
      headers: { 'content-length': '0' },
      ...(mountFrom === undefined ? {} : { mountFrom }),
    })
  }

  async #send(session: Session): Promise<void> {
    const { size, digest } = this.#source
    const isSingle = size > 0 && size <= SINGLE_UPLOAD_BYTES_MAX && session.offset === 0
    while (!isSingle && session.offset < size) await this.#sendPiece(session)
    if (size === 0) await (await this.#readerAt(0)).check()
    const answer = await this.#upload({
      ...{ method: 'PUT', path: withDigest(session.location, digest), expects: [201, 204] },
      ...(isSingle ? this.#body(0, size) : { headers: { 'content-length': '0' } }),
    })
    await answer.discard()
  }

  async #sendPiece(session: Session): Promise<void> {
    const { size } = this.#source
    const { offset } = session
    const bytes = Math.min(size - offset, this.#pieceBytes ?? size)
    const { body, headers } = this.#body(offset, bytes)
    const range = { 'content-range': `${offset}-${offset + bytes - 1}` }
    const answer = await this.#upload({
      ...{ method: 'PATCH', path: session.location, expects: [201, 202, 204], body },
      headers: bytes === size ? headers : { ...headers, ...range },
    })
    await answer.discard()
    const has = uploadedBytes(answer) ?? offset + bytes
    if (has > offset + bytes) throw badAnswer(answer.where, 'it has more bytes than were sent')
    session.location = uploadLocation(answer, this.#endpoint)
    session.offset = has
  }

  #body(offset: number, bytes: number): Required<Pick<Call, 'headers' | 'body'>> {
    const headers = {
      'content-type': 'application/octet-stream',
      'content-length': String(bytes),
    }
    return { headers, body: () => this.#read(offset, bytes) }
  }

  async *#read(offset: number, bytes: number): AsyncGenerator<Uint8Array> {
    const reader = await this.#readerAt(offset)
    for await (const chunk of reader.take(bytes)) {
      yield chunk
      this.#tell(reader.position)
    }
    if (reader.position === this.#source.size) await reader.check()
  }

  async #readerAt(offset: number): Promise<SourceReader> {
    if (this.#reader?.position === offset) return this.#reader
    await this.close()
    const reader = new SourceReader(this.#source)
    this.#reader = reader
    await reader.skip(offset)
    return reader
  }

  /** What the registry still has of an upload; null when it is to begin anew. */
  async #recover(session: Session | null): Promise<Session | null> {
    if (!session) return null
    try {
      const answer = await this.#call({ method: 'GET', path: session.location, expects: [204] })
      await answer.discard()
      const offset = uploadedBytes(answer)
      if (offset === null || offset > this.#source.size) return null
      const isMoved = answer.header('location') !== null
      const location = isMoved ? uploadLocation(answer, this.#endpoint) : session.location
      return { location, offset }
    } catch {
      this.#options.signal?.throwIfAborted()
      return null
    }
  }

  /** A registry that has lost an upload, or has other bytes of it, may take another one. */
  async #upload(call: Part): Promise<Answer> {
    try {
      return await this.#call(call)
    } catch (error) {
      const isLost = error instanceof RegistryError && LOST.has(error.status ?? 0)
      if (!isLost || this.#losses >= LOSSES_MAX) throw error
      this.#losses += 1
      throw new RegistryError(error.code, error.message, {
        ...{ hint: error.hint, cause: error.cause, again: true },
        ...(error.status === null ? {} : { status: error.status }),
      })
    }
  }

  #call(part: Part): Promise<Answer> {
    const { repository, familiar } = this.#target
    const common = { endpoint: this.#endpoint, repository, what: familiar, options: this.#options }
    return this.#client.call({ ...common, access: 'push', isSmall: !part.body, ...part })
  }

  #tell(bytes: number): void {
    if (bytes !== this.#told) this.#options.onProgress?.(bytes - this.#told)
    this.#told = bytes
  }
}
