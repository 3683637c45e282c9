/** Bytes of a representation, `to` not included. */
export interface ByteRange {
  readonly from: number
  readonly to: number
}

const SINGLE = /^bytes=(?:(\d{1,15})-(\d{0,15})|-(\d{1,15}))$/i

/**
 * What a Range header asks for (RFC 9110, 14.2), or null when the whole is to be sent: there is none, or it is not
 * one single range of bytes. `unsatisfiable` when nothing of the whole is within it.
 */
export function readRange(
  header: string | undefined,
  size: number,
): ByteRange | 'unsatisfiable' | null {
  const match = SINGLE.exec(header?.replaceAll(' ', '') ?? '')
  if (match === null) return null
  const [, first, last, suffix] = match
  if (suffix !== undefined) {
    const from = Math.max(0, size - Number(suffix))
    return from < size ? { from, to: size } : 'unsatisfiable'
  }
  const from = Number(first)
  const to = last === '' ? size : Math.min(size, Number(last) + 1)
  if (last !== '' && Number(last) < from) return null
  return from < to ? { from, to } : 'unsatisfiable'
}

/** The bytes of the range, and no more of the chunks than that takes. */
export async function* sliceOf(
  chunks: AsyncIterable<Buffer>,
  { from, to }: ByteRange,
): AsyncGenerator<Buffer, void> {
  let offset = 0
  for await (const chunk of chunks) {
    const slice = chunk.subarray(Math.max(0, from - offset), Math.max(0, to - offset))
    if (slice.length > 0) yield slice
    offset += chunk.length
    if (offset >= to) return
  }
}

/** Bytes of all chunks. */
export async function lengthOf(chunks: AsyncIterable<Buffer>): Promise<number> {
  let bytes = 0
  for await (const chunk of chunks) bytes += chunk.length
  return bytes
}
