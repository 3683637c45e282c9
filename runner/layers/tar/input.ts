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
  const more = async (): Promise<boolean> => {
    const next = await iterator.next()
    if (next.done === true) return false
    onChunk(next.value)
    pending = pending.length === 0 ? next.value : Buffer.concat([pending, next.value])
    return true
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
      while (pending.length < size) {
        if (await more()) continue
        if (pending.length === 0) return null
        throw cutShort()
      }
      return take(size)
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
