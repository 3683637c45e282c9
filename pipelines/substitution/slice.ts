/**
 * A part of a value, counted in bytes of UTF-8 as drone/envsubst does; a character that is cut in two is
 * left out. A position or length that is no whole number gives the whole value; a negative position
 * counts from the end.
 *
 * A part that would reach the end, or go past it, is empty: what real files were written against when
 * the value was short. Bash gives the rest of the value there.
 */
export function slice(value: string, position: string, length: string | undefined): string {
  const from = toInteger(position)
  const count = length === undefined ? undefined : toInteger(length)
  if (from === undefined || (length !== undefined && count === undefined)) return value
  const bytes = new TextEncoder().encode(value)
  const start = from < 0 ? Math.max(0, bytes.length + from) : Math.min(from, bytes.length)
  if (count === undefined) return decode(bytes, start, bytes.length)
  if (count < 0) return decode(bytes, start, Math.max(start, bytes.length + count))
  return isPastEnd(start, count, bytes.length) ? '' : decode(bytes, start, start + count)
}

function isPastEnd(start: number, count: number, size: number): boolean {
  return start + count >= size
}

/** Length of a value in bytes of UTF-8. */
export function byteLength(value: string): number {
  return new TextEncoder().encode(value).length
}

function toInteger(text: string): number | undefined {
  return /^[+-]?\d{1,18}$/.test(text) ? Number(text) : undefined
}

/** Whether a byte goes on with a character that began before it. */
function isContinuation(byte: number | undefined): boolean {
  return byte !== undefined && byte >= 0x80 && byte < 0xc0
}

function decode(bytes: Uint8Array, start: number, end: number): string {
  let from = start
  while (from < end && isContinuation(bytes[from])) from += 1
  let to = end
  while (to > from && isContinuation(bytes[to])) to -= 1
  return new TextDecoder().decode(bytes.subarray(from, to))
}
