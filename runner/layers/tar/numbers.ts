import { invalidLayer } from '../errors.js'

/** Octal text, or, when its first bit is set, GNU's big-endian two's complement. */
export function readNumber(header: Buffer, at: number, length: number): number {
  const number = readAnyNumber(header, at, length)
  if (!Number.isSafeInteger(number)) throw invalidLayer('a header has a number that is too large')
  return number
}

/** The same for a size, which is not negative. */
export function readSize(header: Buffer, at: number, length: number): number {
  const size = readNumber(header, at, length)
  if (size < 0) throw invalidLayer('a header has a negative size')
  return size
}

/** The same for a time: one that is beyond all that a number can hold exactly is the largest. */
export function readTime(header: Buffer, at: number, length: number): number {
  return clampTime(readAnyNumber(header, at, length))
}

/** Decimal text of a number that is not negative. */
export function decimal(value: string): number {
  const number = Number(value)
  if (/^\d{1,16}$/.test(value) && Number.isSafeInteger(number)) return number
  throw invalidLayer(`a pax header has a bad number`)
}

/** Decimal seconds with a fraction (pax(1)), as whole seconds before and nanoseconds after; 0 for no number. */
export function decimalTime(value: string): { readonly mtime: number; readonly mtimeNs: number } {
  const parts = /^(-?)(\d+)(?:\.(\d*))?$/.exec(value.trim())
  if (parts === null) return { mtime: 0, mtimeNs: 0 }
  const [, sign, whole, fraction = ''] = parts
  const seconds = clampTime(Number(whole))
  const nanoseconds = Number(fraction.slice(0, 9).padEnd(9, '0'))
  if (sign === '') return { mtime: seconds, mtimeNs: nanoseconds }
  // -1.25 is two seconds back and three quarters forth.
  if (nanoseconds === 0) return { mtime: 0 - seconds, mtimeNs: 0 }
  return { mtime: clampTime(-seconds - 1), mtimeNs: 1_000_000_000 - nanoseconds }
}

function clampTime(seconds: number): number {
  return Math.max(Number.MIN_SAFE_INTEGER, Math.min(Number.MAX_SAFE_INTEGER, seconds))
}

function readAnyNumber(header: Buffer, at: number, length: number): number {
  const field = header.subarray(at, at + length)
  const first = field[0] ?? 0
  if ((first & 0x80) !== 0) return readBinary(field, (first & 0x40) !== 0)
  const text = field
    .toString('latin1')
    .replace(/[\0 ]+$/, '')
    .trim()
  if (text === '') return 0
  if (!/^[0-7]+$/.test(text)) throw invalidLayer('a header has a bad number')
  return parseInt(text, 8)
}

function readBinary(field: Buffer, negative: boolean): number {
  let value = 0n
  for (const [index, byte] of field.entries()) {
    value = (value << 8n) | BigInt(index === 0 ? byte & 0x7f : byte)
  }
  const bits = BigInt(field.length * 8 - 1)
  return Number(negative ? value - (1n << bits) : value)
}
