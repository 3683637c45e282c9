import { createHash } from 'node:crypto'
import type { Hash } from 'node:crypto'
import { constants } from 'node:fs'
import { mkdir, open } from 'node:fs/promises'
import type { FileHandle } from 'node:fs/promises'
import { dirname } from 'node:path'

const READ_BYTES = 64 * 1024

/** A log file that is open for appending. One caller at a time. */
export class OpenLog {
  readonly #file: FileHandle
  #bytes: number
  /** SHA-256 of the file so far; null when the file was not written from its start by us. */
  #hash: Hash | null

  private constructor(file: FileHandle, bytes: number) {
    this.#file = file
    this.#bytes = bytes
    this.#hash = bytes === 0 ? createHash('sha256') : null
  }

  /** Opens the file, and makes it with its directories when it is not there. */
  static async open(path: string): Promise<OpenLog> {
    await mkdir(dirname(path), { recursive: true, mode: 0o700 })
    const file = await open(path, constants.O_RDWR | constants.O_CREAT, 0o600)
    const { size } = await file.stat()
    return new OpenLog(file, size)
  }

  /** Length in bytes. */
  get bytes(): number {
    return this.#bytes
  }

  /** Adds what the log does not have yet; nothing when that would leave a gap. Returns the length. */
  async append(offset: number, data: Buffer): Promise<number> {
    if (offset > this.#bytes) return this.#bytes
    const fresh = data.subarray(this.#bytes - offset)
    if (fresh.length === 0) return this.#bytes
    let written = 0
    while (written < fresh.length) {
      const position = this.#bytes + written
      written += (await this.#file.write(fresh, written, undefined, position)).bytesWritten
    }
    this.#hash?.update(fresh)
    this.#bytes += fresh.length
    return this.#bytes
  }

  /** Hex SHA-256 of the whole log. */
  async sha256(): Promise<string> {
    this.#hash ??= await hashOf(this.#file, this.#bytes)
    return this.#hash.copy().digest('hex')
  }

  /** Flushes to the disk. */
  async sync(): Promise<void> {
    await this.#file.datasync()
  }

  async close(): Promise<void> {
    await this.#file.close()
  }
}

async function hashOf(file: FileHandle, bytes: number): Promise<Hash> {
  const hash = createHash('sha256')
  for await (const chunk of readRange(file, 0, bytes)) hash.update(chunk)
  return hash
}

/** The bytes of a file from `from` to `to` (exclusive), or to its end when that comes first. */
export async function* readRange(
  file: FileHandle,
  from: number,
  to: number,
): AsyncGenerator<Buffer> {
  let position = from
  while (position < to) {
    const buffer = Buffer.allocUnsafe(Math.min(READ_BYTES, to - position))
    const { bytesRead } = await file.read(buffer, 0, buffer.length, position)
    if (bytesRead === 0) return
    position += bytesRead
    yield buffer.subarray(0, bytesRead)
  }
}
