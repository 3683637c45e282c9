import type { FileHandle } from 'node:fs/promises'

const NEWLINE = 0x0a

/** A record holds at most 16 Ki code units, each at most six bytes as JSON, plus its other fields. */
const RECORD_BYTES_MAX = 128 * 1024

/**
 * Reads whole NDJSON records from `offset` to at most `end`: about `bytesMax` bytes, but always at
 * least one record when there is one. Bytes after the last newline are left out.
 */
export async function readRecords(
  handle: FileHandle,
  offset: number,
  end: number,
  bytesMax: number,
): Promise<Buffer> {
  const short = await readWhole(handle, offset, Math.min(end - offset, bytesMax))
  if (short.length > 0 || end - offset <= bytesMax) return short
  const long = await readWhole(handle, offset, Math.min(end - offset, RECORD_BYTES_MAX))
  return long.subarray(0, long.indexOf(NEWLINE) + 1)
}

async function readWhole(handle: FileHandle, offset: number, length: number): Promise<Buffer> {
  if (length <= 0) return Buffer.alloc(0)
  const { buffer, bytesRead } = await handle.read(Buffer.alloc(length), 0, length, offset)
  return buffer.subarray(0, buffer.subarray(0, bytesRead).lastIndexOf(NEWLINE) + 1)
}

/** Length of the file up to and including its last newline, for files whose writer has died. */
export async function wholeRecordsLength(handle: FileHandle): Promise<number> {
  const { size } = await handle.stat()
  const start = Math.max(0, size - RECORD_BYTES_MAX)
  const tail = await readWhole(handle, start, size - start)
  return tail.length === 0 ? 0 : start + tail.length
}
