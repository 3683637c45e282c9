import { invalidLayer } from '../errors.js'
import { BLOCK_BYTES, padding } from './entry.js'
import type { TarEntry } from './entry.js'
import type { TarInput } from './input.js'

/** Bytes that the long names and extended headers before one entry may have. */
const EXTENSION_BYTES_MAX = 1024 * 1024

/** What headers before an entry say about it (pax(1), and GNU tar's `L` and `K`). */
interface Extension {
  path?: string
  linkPath?: string
  size?: number
  uid?: number
  gid?: number
  mtime?: number
  readonly xattrs: Map<string, string>
}

const TYPES: Readonly<Record<string, TarEntry['type']>> = {
  '\0': 'file',
  '0': 'file',
  '7': 'file',
  '1': 'link',
  '2': 'symlink',
  '3': 'device',
  '4': 'device',
  '5': 'directory',
  '6': 'fifo',
}

/**
 * Reads the next entry's headers, or null at the end of the archive. The caller takes the content, and
 * the padding behind it, from the input before it asks for the next.
 * @throws SandpiperError SP_LAYER_INVALID
 */
export async function readEntry(input: TarInput): Promise<TarEntry | null> {
  const extension: Extension = { xattrs: new Map() }
  for (let extensionBytes = 0; ;) {
    const header = await input.read(BLOCK_BYTES)
    if (header === null || header.every((byte) => byte === 0)) return null
    checkSum(header)
    const flag = header.toString('latin1', 156, 157)
    const size = readNumber(header, 124, 12)
    if (!'xgLKV'.includes(flag)) return toEntry(header, flag, size, extension)
    extensionBytes += BLOCK_BYTES + size
    if (extensionBytes > EXTENSION_BYTES_MAX) throw invalidLayer('extended headers are too large')
    await readExtension(input, flag, size, extension)
  }
}

function toEntry(header: Buffer, flag: string, size: number, extension: Extension): TarEntry {
  const path = extension.path ?? readPath(header)
  const known = TYPES[flag]
  if (known === undefined)
    throw invalidLayer(`an entry has the unknown type ${JSON.stringify(flag)}`)
  // Before POSIX a directory was a file whose name ends with a slash.
  const type = known === 'file' && path.endsWith('/') ? 'directory' : known
  return {
    type,
    path,
    linkPath: extension.linkPath ?? readText(header, 157, 100),
    mode: readNumber(header, 100, 8) & 0o7777,
    uid: extension.uid ?? readNumber(header, 108, 8),
    gid: extension.gid ?? readNumber(header, 116, 8),
    // Other kinds have no content, whatever their size field says.
    size: type === 'file' ? (extension.size ?? size) : 0,
    mtime: extension.mtime ?? readNumber(header, 136, 12),
    xattrs: extension.xattrs,
  }
}

async function readExtension(
  input: TarInput,
  flag: string,
  size: number,
  extension: Extension,
): Promise<void> {
  const body = size === 0 ? Buffer.alloc(0) : await input.read(size)
  await input.skip(padding(size))
  const text = body?.toString('latin1') ?? ''
  if (flag === 'L') extension.path = text.replace(/\0[^]*$/, '')
  if (flag === 'K') extension.linkPath = text.replace(/\0[^]*$/, '')
  if (flag === 'x')
    for (const [key, value] of readPaxRecords(text)) applyRecord(extension, key, value)
}

/** Records are `LENGTH KEY=VALUE NEWLINE`, the length counting all of itself (pax(1)). */
function* readPaxRecords(text: string): Generator<[string, string]> {
  for (let at = 0; at < text.length;) {
    const space = text.indexOf(' ', at)
    const length = Number(text.slice(at, space))
    const record = text.slice(space + 1, at + length)
    const equals = record.indexOf('=')
    const whole = space > at && /^\d+$/.test(text.slice(at, space)) && at + length <= text.length
    if (!whole || equals < 1 || !record.endsWith('\n')) throw invalidLayer('a pax header is broken')
    yield [record.slice(0, equals), record.slice(equals + 1, -1)]
    at += length
  }
}

const XATTR = 'SCHILY.xattr.'

function applyRecord(extension: Extension, key: string, value: string): void {
  if (key.startsWith('GNU.sparse.')) {
    throw invalidLayer('the archive has sparse files; make it without tar --sparse')
  }
  if (key.startsWith(XATTR)) extension.xattrs.set(key.slice(XATTR.length), value)
  else if (key === 'path') extension.path = value
  else if (key === 'linkpath') extension.linkPath = value
  else if (key === 'size') extension.size = decimal(value)
  else if (key === 'uid') extension.uid = decimal(value)
  else if (key === 'gid') extension.gid = decimal(value)
  else if (key === 'mtime') extension.mtime = Math.floor(Number(value)) || 0
}

function decimal(value: string): number {
  const number = Number(value)
  if (/^\d{1,16}$/.test(value) && Number.isSafeInteger(number)) return number
  throw invalidLayer(`a pax header has a bad number`)
}

function readPath(header: Buffer): string {
  const name = readText(header, 0, 100)
  const posix = header.toString('latin1', 257, 263) === 'ustar\0'
  const prefix = posix ? readText(header, 345, 155) : ''
  return prefix === '' ? name : `${prefix}/${name}`
}

function readText(header: Buffer, at: number, length: number): string {
  return header.toString('latin1', at, at + length).replace(/\0[^]*$/, '')
}

/** Octal text, or, when its first bit is set, GNU's big-endian two's complement. */
function readNumber(header: Buffer, at: number, length: number): number {
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
  const number = Number(negative ? value - (1n << bits) : value)
  if (!Number.isSafeInteger(number)) throw invalidLayer('a header has a number that is too large')
  return number
}

/** The sum of all bytes, the sum's own field counting as spaces; some old programs summed signed bytes. */
function checkSum(header: Buffer): void {
  let unsigned = 0
  let signed = 0
  for (const [index, byte] of header.entries()) {
    const counted = index >= 148 && index < 156 ? 0x20 : byte
    unsigned += counted
    signed += counted > 127 ? counted - 256 : counted
  }
  const expected = parseInt(readText(header, 148, 8), 8)
  if (expected !== unsigned && expected !== signed) {
    throw invalidLayer('it is no tar archive, or a header is broken: the checksum is wrong')
  }
}
