import type { FileHandle } from 'node:fs/promises'
import { invalidLayer } from '../errors.js'

/** Bytes of a tar archive, read from front to back. */
export interface TarInput {
  /** The next `size` bytes, or null at the end. @throws SandpiperError SP_LAYER_INVALID when cut short */
  read(size: number): Promise<Buffer | null>
  /** Hands the next `size` bytes on, in pieces. */
  forward(size: number, sink: (chunk: Buffer) => Promise<void>): Promise<void>
  skip(size: number): Promise<void>
}

const CHUNK_BYTES = 256 * 1024

/** Reads from a stream; `onChunk` sees every byte of it, in order, as it comes. */
export function streamInput(
  source: AsyncIterable<Buffer>,
  onChunk: (chunk: Buffer) => void,
): TarInput & { drain(): Promise<void> } {
  const iterator = source[Symbol.asyncIterator]()
  let pending: Buffer = Buffer.alloc(0)
  const next = async (): Promise<Buffer | null> => {
    const result = await iterator.next()
    if (result.done === true) return null
    onChunk(result.value)
    return result.value
  }
  const more = async (): Promise<boolean> => {
    const chunk = await next()
    if (chunk !== null) pending = chunk
    return chunk !== null
  }
  /** Has so many bytes at hand, if there are. Pieces may be of a byte each: they are joined only once. */
  const gather = async (size: number): Promise<void> => {
    const chunks = pending.length === 0 ? [] : [pending]
    for (let found = pending.length; found < size; found += chunks.at(-1)?.length ?? 0) {
      const chunk = await next()
      if (chunk === null) break
      chunks.push(chunk)
    }
    pending = chunks.length === 1 ? (chunks[0] ?? pending) : Buffer.concat(chunks)
  }
  const take = (size: number): Buffer => {
    const taken = pending.subarray(0, size)
    pending = pending.subarray(size)
    return taken
  }
  const forward = async (size: number, sink: (chunk: Buffer) => Promise<void>): Promise<void> => {
    for (let left = size; left > 0;) {
      if (pending.length === 0 && !(await more())) throw cutShort()
      const chunk = take(left)
      left -= chunk.length
      await sink(chunk)
    }
  }
  return {
    read: async (size) => {
      if (pending.length < size) await gather(size)
      if (pending.length >= size) return take(size)
      if (pending.length === 0) return null
      throw cutShort()
    },
    forward,
    skip: (size) => forward(size, () => Promise.resolve()),
    drain: async () => {
      do pending = Buffer.alloc(0)
      while (await more())
    },
  }
}

/** Reads from a file, jumping over what is skipped. */
export function fileInput(file: FileHandle): TarInput & { position(): number } {
  let at = 0
  const readSome = async (size: number): Promise<Buffer> => {
    const buffer = Buffer.alloc(size)
    let filled = 0
    while (filled < size) {
      const { bytesRead } = await file.read(buffer, filled, size - filled, at + filled)
      if (bytesRead === 0) break
      filled += bytesRead
    }
    at += filled
    return buffer.subarray(0, filled)
  }
  return {
    position: () => at,
    read: async (size) => {
      const bytes = await readSome(size)
      if (bytes.length === 0) return null
      if (bytes.length < size) throw cutShort()
      return bytes
    },
    forward: async (size, sink) => {
      for (let left = size; left > 0;) {
        const chunk = await readSome(Math.min(left, CHUNK_BYTES))
        if (chunk.length === 0) throw cutShort()
        left -= chunk.length
        await sink(chunk)
      }
    },
    skip: (size) => {
      at += size
      return Promise.resolve()
    },
  }
}

function cutShort(): Error {
  return invalidLayer('the archive ends in the middle of an entry')
}
