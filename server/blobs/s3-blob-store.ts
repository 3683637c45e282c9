import assert from 'node:assert/strict'
import { open } from 'node:fs/promises'
import type { FileHandle } from 'node:fs/promises'
import { setTimeout as sleep } from 'node:timers/promises'
import { S3mini, S3ServiceError } from 's3mini'
import { isBlobKey } from './blob-store.js'
import type { BlobPage, BlobStore } from './blob-store.js'
import { blobFailed, blobMissing } from './errors.js'
import type { S3Settings } from './s3-settings.js'

/** Larger files are sent in parts of this size; S3 wants 5 MiB at least. */
const PART_BYTES = 8 * 1024 * 1024

/** Tries of one request, the first one included; pauses between double. */
const TRIES = 4
const BACKOFF_MS = 300
const REQUEST_MS = 60_000
const PAGE = 1_000

/** Keeps blobs in an S3 bucket. */
export class S3BlobStore implements BlobStore {
  readonly #client: S3mini
  readonly #prefix: string
  readonly #backoffMs: number

  constructor(settings: S3Settings) {
    this.#prefix = settings.prefix
    this.#backoffMs = settings.backoffMs ?? BACKOFF_MS
    this.#client = new S3mini({
      endpoint: endpointOf(settings),
      region: settings.region,
      accessKeyId: settings.keyId,
      secretAccessKey: settings.secret,
      requestAbortTimeout: settings.requestMs ?? REQUEST_MS,
    })
  }

  async put(key: string, file: string): Promise<void> {
    const handle = await open(file, 'r')
    try {
      const { size } = await handle.stat()
      if (size <= PART_BYTES) await this.#putWhole(key, await readPart(handle, 0, size))
      else await this.#putInParts(key, handle, size)
    } finally {
      await handle.close()
    }
  }

  async *read(key: string, from: number, to: number): AsyncGenerator<Buffer> {
    let position = from
    for (let tries = 1; position < to; tries += 1) {
      try {
        for await (const chunk of this.#body(key, position, to)) {
          position += chunk.length
          tries = 1
          yield chunk
        }
        if (position < to) throw new Error('the answer is too short')
      } catch (error) {
        if (statusOf(error) === 404) throw blobMissing(key)
        if (tries >= TRIES || !isWorthAnother(error)) throw blobFailed(`read blob ${key}`, error)
        await this.#pause(tries)
      }
    }
  }

  async size(key: string): Promise<number | null> {
    return this.#retried(`look for blob ${key}`, async () => {
      try {
        return await this.#client.getContentLength(this.#name(key))
      } catch (error) {
        if (statusOf(error) === 404) return null
        throw error
      }
    })
  }

  async remove(key: string): Promise<void> {
    await this.#retried(`remove blob ${key}`, async () => {
      try {
        await this.#client.deleteObject(this.#name(key))
      } catch (error) {
        if (statusOf(error) !== 404) throw error
      }
    })
  }

  async list(prefix: string, next: string | null): Promise<BlobPage> {
    return this.#retried('list blobs', async () => {
      const from = next ?? undefined
      const page = await this.#client.listObjectsPaged('/', this.#prefix + prefix, PAGE, from)
      if (!page?.objects) throw new Error('there is no such bucket')
      const blobs = page.objects.map(({ Key, Size, LastModified }) => ({
        key: Key.slice(this.#prefix.length),
        bytes: Size,
        modified: new Date(LastModified).getTime(),
      }))
      return { blobs, next: page.nextContinuationToken ?? null }
    })
  }

  async #putWhole(key: string, data: Buffer): Promise<void> {
    await this.#retried(`store blob ${key}`, () => this.#client.putObject(this.#name(key), data))
  }

  async #putInParts(key: string, handle: FileHandle, size: number): Promise<void> {
    const what = `store blob ${key}`
    const name = this.#name(key)
    const id = await this.#retried(what, () => this.#client.getMultipartUploadId(name))
    try {
      const parts: { partNumber: number; etag: string }[] = []
      for (let from = 0; from < size; from += PART_BYTES) {
        const data = await readPart(handle, from, Math.min(size, from + PART_BYTES))
        const number = parts.length + 1
        const send = () => this.#client.uploadPart(name, id, data, number)
        parts.push(await this.#retried(what, send))
      }
      await this.#retried(what, () => this.#client.completeMultipartUpload(name, id, parts))
    } catch (error) {
      // Parts that nobody completes are paid for; the server may be away, then its own rules take them.
      await this.#client.abortMultipartUpload(name, id).catch(() => undefined)
      throw error
    }
  }

  /** What one answer brings of the range, however much that is; never more. */
  async *#body(key: string, from: number, to: number): AsyncGenerator<Buffer> {
    const response = await this.#client.getObjectRaw(this.#name(key), false, from, to)
    // A server that knows no ranges sends the whole.
    let toSkip = response.status === 206 ? 0 : from
    let left = to - from
    if (response.body === null) return
    for await (const bytes of response.body as unknown as AsyncIterable<Uint8Array>) {
      const skipped = Math.min(toSkip, bytes.length)
      toSkip -= skipped
      const chunk = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).subarray(skipped)
      const wanted = chunk.subarray(0, left)
      left -= wanted.length
      if (wanted.length > 0) yield wanted
      if (left === 0) return
    }
  }

  async #retried<T>(what: string, work: () => Promise<T>): Promise<T> {
    for (let tries = 1; ; tries += 1) {
      try {
        return await work()
      } catch (error) {
        if (tries >= TRIES || !isWorthAnother(error)) throw blobFailed(what, error)
        await this.#pause(tries)
      }
    }
  }

  async #pause(tries: number): Promise<void> {
    // Not all servers at once again.
    await sleep(this.#backoffMs * 2 ** (tries - 1) * (0.5 + Math.random()))
  }

  #name(key: string): string {
    assert(isBlobKey(key), `not a key of a blob: ${key}`)
    return this.#prefix + key
  }
}

function endpointOf({ url, bucket, pathStyle }: S3Settings): string {
  const endpoint = new URL(url)
  if (pathStyle) endpoint.pathname = `${endpoint.pathname.replace(/\/$/, '')}/${bucket}`
  else endpoint.host = `${bucket}.${endpoint.host}`
  return endpoint.toString().replace(/\/$/, '')
}

/** Time-outs, broken connections and what S3 says is only for now (503 is `SlowDown`, too). */
function isWorthAnother(error: unknown): boolean {
  const status = statusOf(error)
  return status === null || status >= 500 || status === 429 || status === 408
}

/** Status of an answer that says no; null when there was none. */
function statusOf(error: unknown): number | null {
  if (error instanceof S3ServiceError) return error.status
  const cause = error instanceof Error ? error.cause : undefined
  return cause instanceof S3ServiceError ? cause.status : null
}

async function readPart(handle: FileHandle, from: number, to: number): Promise<Buffer> {
  const buffer = Buffer.allocUnsafe(to - from)
  const { bytesRead } = await handle.read(buffer, 0, buffer.length, from)
  assert.equal(bytesRead, buffer.length, 'the file became shorter')
  return buffer
}
