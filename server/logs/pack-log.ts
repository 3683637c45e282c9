import { createHash } from 'node:crypto'
import { open } from 'node:fs/promises'
import type { FileHandle } from 'node:fs/promises'
import { promisify } from 'node:util'
import { gunzip, gzip } from 'node:zlib'
import type { BlobStore } from '../blobs/blob-store.js'
import { blobFailed } from '../blobs/errors.js'
import type { ArchiveFrame, ArchiveIndex } from './archive-index.js'
import { LOG_LINE_BYTES_MAX, LineSplitter } from './line-splitter.js'
import { LogIndex } from './log-index.js'

/** About how much of a log is packed at a time: what is unpacked at least to read any part of it. */
const FRAME_BYTES = 256 * 1024

const NEWLINE = 0x0a

/** A log as a file of gzip members, which together are one gzip file (RFC 1952, 2.2). */
export interface PackedLog {
  /** Of the log itself. */
  readonly sha256: string
  readonly index: ArchiveIndex
}

/** Packs a log into a file that must not exist. */
export async function packLog(chunks: AsyncIterable<Buffer>, path: string): Promise<PackedLog> {
  const file = await open(path, 'wx', 0o600)
  try {
    const packer = new Packer(file)
    for await (const chunk of chunks) await packer.push(chunk)
    return await packer.finish()
  } finally {
    await file.close()
  }
}

class Packer {
  readonly #file: FileHandle
  readonly #hash = createHash('sha256')
  readonly #index = new LogIndex()
  readonly #splitter = new LineSplitter()
  readonly #frames: ArchiveFrame[] = []
  #waiting: Buffer[] = []
  #waitingBytes = 0
  #place = { line: 0, offset: 0, at: 0 }

  constructor(file: FileHandle) {
    this.#file = file
  }

  async push(chunk: Buffer): Promise<void> {
    this.#waiting.push(chunk)
    this.#waitingBytes += chunk.length
    if (this.#waitingBytes < FRAME_BYTES) return
    const bytes = Buffer.concat(this.#waiting)
    const end = bytes.lastIndexOf(NEWLINE) + 1
    if (end === 0) return
    await this.#write(bytes.subarray(0, end))
    this.#waiting = end === bytes.length ? [] : [Buffer.from(bytes.subarray(end))]
    this.#waitingBytes = bytes.length - end
  }

  async finish(): Promise<PackedLog> {
    if (this.#waitingBytes > 0) await this.#write(Buffer.concat(this.#waiting))
    const { sections } = this.#index
    return {
      sha256: this.#hash.digest('hex'),
      index: { frames: this.#frames, end: this.#place, sections },
    }
  }

  async #write(bytes: Buffer): Promise<void> {
    const packed = await promisify(gzip)(bytes)
    await this.#file.appendFile(packed)
    this.#hash.update(bytes)
    for (const line of this.#splitter.push(bytes)) this.#index.push(line)
    this.#frames.push(this.#place)
    const { offset, at } = this.#place
    const { line } = this.#index.end
    this.#place = { line, offset: offset + bytes.length, at: at + packed.length }
  }
}

/** The bytes of an archived log from `from` to `to` (exclusive), or to its end when that comes first. */
export async function* unpackLog(
  blobs: BlobStore,
  key: string,
  { frames, end }: ArchiveIndex,
  { from, to }: { readonly from: number; readonly to: number },
): AsyncGenerator<Buffer> {
  const ends = [...frames.slice(1), end]
  const first = ends.findIndex(({ offset }) => offset > from)
  const start = frames[first]
  if (start === undefined || from >= to) return
  const last = ends.findIndex(({ offset }) => offset >= Math.min(to, end.offset))
  const packed = new Joined(blobs.read(key, start.at, ends[last]?.at ?? end.at))
  try {
    for (let at = first; at <= last; at += 1) {
      const [frame, after] = [frames[at], ends[at]]
      if (frame === undefined || after === undefined) return
      const bytes = await unpacked(key, await packed.take(after.at - frame.at))
      yield bytes.subarray(Math.max(0, from - frame.offset), Math.max(0, to - frame.offset))
    }
  } finally {
    await packed.close()
  }
}

async function unpacked(key: string, frame: Buffer): Promise<Buffer> {
  try {
    // A blob that was made to unpack to more than we ever pack is no log of ours.
    return await promisify(gunzip)(frame, { maxOutputLength: FRAME_BYTES + 4 * LOG_LINE_BYTES_MAX })
  } catch (error) {
    throw blobFailed(`unpack blob ${key}`, error)
  }
}

/** Takes chunks apart and together to pieces of the lengths that are wanted. */
class Joined {
  readonly #chunks: AsyncIterator<Buffer>
  #rest: Buffer = Buffer.alloc(0)

  constructor(chunks: AsyncIterable<Buffer>) {
    this.#chunks = chunks[Symbol.asyncIterator]()
  }

  async close(): Promise<void> {
    await this.#chunks.return?.()
  }

  async take(bytes: number): Promise<Buffer> {
    const parts = [this.#rest]
    let length = this.#rest.length
    while (length < bytes) {
      const next = await this.#chunks.next()
      if (next.done === true) break
      parts.push(next.value)
      length += next.value.length
    }
    const joined = Buffer.concat(parts)
    this.#rest = joined.subarray(bytes)
    return joined.subarray(0, bytes)
  }
}
