import { BLOCK_BYTES, padding } from './entry.js'

/** What can be written; names as in `TarEntry`. */
export interface NewEntry {
  /** Type flag of the header: `0` file, `1` link, `2` symlink, `3` character device, `5`, `6`. */
  readonly flag: string
  readonly path: string
  readonly linkPath?: string
  readonly mode: number
  readonly uid: number
  readonly gid: number
  readonly size?: number
  readonly mtime: number
  readonly xattrs?: ReadonlyMap<string, string>
}

/** Two empty blocks end an archive. */
export const TRAILER = Buffer.alloc(2 * BLOCK_BYTES)

/** The headers of an entry in GNU's format, with a pax header before them for extended attributes. */
export function encodeHeaders(entry: NewEntry): Buffer {
  const parts: Buffer[] = []
  if (entry.xattrs !== undefined && entry.xattrs.size > 0) {
    const records = [...entry.xattrs].map(([key, value]) => paxRecord(`SCHILY.xattr.${key}`, value))
    parts.push(encodeText('x', records.join('')))
  }
  if ((entry.linkPath ?? '').length > 100) parts.push(encodeText('K', `${entry.linkPath ?? ''}\0`))
  if (entry.path.length > 100) parts.push(encodeText('L', `${entry.path}\0`))
  return Buffer.concat([...parts, encodeHeader(entry)])
}

function encodeText(flag: string, text: string): Buffer {
  const body = Buffer.from(text, 'latin1')
  const common = { mode: 0o644, uid: 0, gid: 0, mtime: 0, size: body.length }
  const header = encodeHeader({ ...common, flag, path: '././@LongLink' })
  return Buffer.concat([header, body, Buffer.alloc(padding(body.length))])
}

function paxRecord(key: string, value: string): string {
  const rest = ` ${key}=${value}\n`
  let length = rest.length
  while (String(length).length + rest.length !== length)
    length = String(length).length + rest.length
  return `${String(length)}${rest}`
}

function encodeHeader(entry: NewEntry): Buffer {
  const header = Buffer.alloc(BLOCK_BYTES)
  header.write(entry.path.slice(0, 100), 0, 'latin1')
  writeNumber(header, 100, 8, entry.mode)
  writeNumber(header, 108, 8, entry.uid)
  writeNumber(header, 116, 8, entry.gid)
  writeNumber(header, 124, 12, entry.size ?? 0)
  writeNumber(header, 136, 12, entry.mtime)
  header.write('        ', 148, 'latin1')
  header.write(entry.flag, 156, 'latin1')
  header.write((entry.linkPath ?? '').slice(0, 100), 157, 'latin1')
  header.write('ustar  \0', 257, 'latin1')
  if (entry.flag === '3') {
    writeNumber(header, 329, 8, 0)
    writeNumber(header, 337, 8, 0)
  }
  const sum = header.reduce((total, byte) => total + byte, 0)
  header.write(`${sum.toString(8).padStart(6, '0')}\0 `, 148, 'latin1')
  return header
}

/** Octal where it fits, else GNU's base 256. */
function writeNumber(header: Buffer, at: number, length: number, value: number): void {
  const octal = value.toString(8)
  if (value >= 0 && octal.length < length) {
    header.write(octal.padStart(length - 1, '0'), at, 'latin1')
    return
  }
  let left = BigInt.asUintN(8 * length, BigInt(value))
  for (let index = length - 1; index >= 0; index -= 1) {
    header[at + index] = Number(left & 0xffn)
    left >>= 8n
  }
  header[at] = (header[at] ?? 0) | 0x80
}
