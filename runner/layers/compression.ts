import type { FileHandle } from 'node:fs/promises'
import { gunzip } from './gunzip.js'
import { invalidLayer } from './errors.js'
import { layerError, layerProgram, parseLayerProblem } from './layer-program.js'
import { outputOf } from './tools.js'

export type Compression = 'gzip' | 'zstd' | 'none'

/** What a file's first bytes say: RFC 1952 for gzip, RFC 8878 for zstd. */
export async function detectCompression(file: FileHandle, offset: number): Promise<Compression> {
  const { buffer } = await file.read(Buffer.alloc(4), 0, 4, offset)
  if (buffer[0] === 0x1f && buffer[1] === 0x8b) return 'gzip'
  return buffer.readUInt32LE(0) === 0xfd2fb528 ? 'zstd' : 'none'
}

/**
 * The uncompressed bytes of a stream; how many is for the caller to bound. zstd is decompressed by a
 * process that has no rights and sees no files.
 * @param mayBePadded whether zeros behind gzip are no error
 * @throws SandpiperError SP_LAYER_INVALID for what is damaged, cut short or has something else behind it
 */
export function decompress(
  source: AsyncIterable<Buffer>,
  compression: Compression,
  mayBePadded = true,
): AsyncIterable<Buffer> {
  if (compression === 'none') return source
  if (compression === 'gzip') return gunzip(source, mayBePadded)
  return outputOf(layerProgram(), ['unzstd'], source, zstdError)
}

function zstdError(said: string, how: string): Error {
  const problem = parseLayerProblem(said)
  if (problem?.errno !== 0) return layerError('decompress zstd', said, how)
  return invalidLayer(`the zstd data is damaged: ${problem.call}`)
}
