import { constants } from 'node:fs'
import { open } from 'node:fs/promises'
import { invalidLayer, printable } from './errors.js'
import type { LowerStep } from './lower-files.js'
import { lowerMetadata } from './metadata.js'
import { encodeRecord, RECORD } from './layer-records.js'

/**
 * Writes the record of a file that is in a layer below, with its content, so that it is in this layer as
 * well.
 * @param path where it is in the layers
 */
export async function copyUp(
  from: Extract<LowerStep, { kind: 'file' }>,
  path: string,
  sink: (chunk: Buffer) => Promise<void>,
): Promise<void> {
  const size = Number(from.stat.size)
  const metadata = lowerMetadata(from)
  await sink(encodeRecord({ type: RECORD.file, path, ...metadata, size, data: size }))
  const file = await open(from.path, constants.O_RDONLY | constants.O_NOFOLLOW)
  try {
    for (let at = 0; at < size;) {
      const buffer = Buffer.alloc(Math.min(CHUNK_BYTES, size - at))
      const { bytesRead } = await file.read(buffer, 0, buffer.length, at)
      if (bytesRead === 0) throw invalidLayer(`${printable(path)} of a layer below is cut short`)
      at += bytesRead
      await sink(buffer.subarray(0, bytesRead))
    }
  } finally {
    await file.close()
  }
}

const CHUNK_BYTES = 256 * 1024
