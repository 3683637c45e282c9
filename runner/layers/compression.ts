import type { FileHandle } from 'node:fs/promises'
import type { Readable } from 'node:stream'
import { outputOf } from './tools.js'

export type Compression = 'gzip' | 'zstd' | 'none'

/** What a file's first bytes say: RFC 1952 for gzip, RFC 8878 for zstd. */
export async function detectCompression(file: FileHandle, offset: number): Promise<Compression> {
  const { buffer } = await file.read(Buffer.alloc(4), 0, 4, offset)
  if (buffer[0] === 0x1f && buffer[1] === 0x8b) return 'gzip'
  return buffer.readUInt32LE(0) === 0xfd2fb528 ? 'zstd' : 'none'
}

/** The uncompressed bytes of a stream. @throws SandpiperError SP_LAYER_TOOL for broken data */
export function decompress(source: Readable, compression: Compression): AsyncIterable<Buffer> {
  if (compression === 'none') return source
  return outputOf(compression, ['--decompress', '--stdout'], source)
}
