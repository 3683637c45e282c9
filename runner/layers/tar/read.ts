import { invalidLayer } from '../errors.js'
import { BLOCK_BYTES, padding } from './entry.js'
import type { TarEntry } from './entry.js'
import type { TarInput } from './input.js'
import { decimalTime, readNumber, readSize, readTime } from './numbers.js'
import { applyRecord, newExtension, readPaxRecords, type Extension } from './pax.js'
import { readOldSparse, readSparseMap, toSparse, type Sparse } from './sparse.js'

/** Bytes that the long names and extended headers before one entry may have. */
const EXTENSION_BYTES_MAX = 1024 * 1024

const TYPES: Readonly<Record<string, TarEntry['type']>> = {
  '\0': 'file',
  '0': 'file',
  '7': 'file',
  S: 'file',
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
  const extension = newExtension()
  for (let extensionBytes = 0; ;) {
    const header = await input.read(BLOCK_BYTES)
    if (header === null || header.every((byte) => byte === 0)) return null
    checkSum(header)
    const flag = header.toString('latin1', 156, 157)
    const size = readSize(header, 124, 12)
    if (!'xgLKV'.includes(flag)) return toEntry(header, flag, size, extension, input)
    extensionBytes += BLOCK_BYTES + size
    if (extensionBytes > EXTENSION_BYTES_MAX) throw invalidLayer('extended headers are too large')
    await readExtension(input, flag, size, extension)
  }
}

async function toEntry(
  header: Buffer,
  flag: string,
  headerSize: number,
  extension: Extension,
  input: TarInput,
): Promise<TarEntry> {
  const path = extension.sparse.name ?? extension.path ?? readPath(header)
  const known = TYPES[flag]
  if (known === undefined)
    throw invalidLayer(`an entry has the unknown type ${JSON.stringify(flag)}`)
  // Before POSIX a directory was a file whose name ends with a slash.
  const type = known === 'file' && path.endsWith('/') ? 'directory' : known
  // Other kinds have no content, whatever their size field says.
  const size = type === 'file' ? (extension.size ?? headerSize) : 0
  const sparse = type === 'file' ? await readSparse(header, flag, size, extension, input) : null
  return {
    type,
    path,
    linkPath: extension.linkPath ?? readText(header, 157, 100),
    mode: readNumber(header, 100, 8) & 0o7777,
    uid: readId(extension.uid, header, 108),
    gid: readId(extension.gid, header, 116),
    size: sparse?.contentBytes ?? size,
    ...(sparse === null ? {} : { sparse: { size: sparse.size, extents: sparse.extents } }),
    ...(extension.mtime === undefined
      ? { mtime: readTime(header, 136, 12), mtimeNs: 0 }
      : decimalTime(extension.mtime)),
    xattrs: extension.xattrs,
  }
}

/** Whether there is such an id is looked at where it is used. */
function readId(extended: number | undefined, header: Buffer, at: number): number {
  return extended ?? readNumber(header, at, 8)
}

function readSparse(
  header: Buffer,
  flag: string,
  size: number,
  { sparse }: Extension,
  input: TarInput,
): Promise<Sparse> | Sparse | null {
  if (flag === 'S') return readOldSparse(header, size, input)
  if (sparse.size === undefined) return null
  if (sparse.isMapInContent) return readSparseMap(sparse.size, size, input)
  return toSparse(sparse.size, sparse.numbers, size)
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

function readPath(header: Buffer): string {
  const name = readText(header, 0, 100)
  const posix = header.toString('latin1', 257, 263) === 'ustar\0'
  const prefix = posix ? readText(header, 345, 155) : ''
  return prefix === '' ? name : `${prefix}/${name}`
}

function readText(header: Buffer, at: number, length: number): string {
  return header.toString('latin1', at, at + length).replace(/\0[^]*$/, '')
}

/** The sum of all bytes, the sum's own field counting as spaces; some old programs summed signed bytes. */
function checkSum(header: Buffer): void {
  let unsigned = 0
  let signed = 0
  for (let index = 0; index < BLOCK_BYTES; index += 1) {
    const counted = index >= 148 && index < 156 ? 0x20 : (header[index] ?? 0)
    unsigned += counted
    signed += counted > 127 ? counted - 256 : counted
  }
  const expected = parseInt(readText(header, 148, 8), 8)
  if (expected !== unsigned && expected !== signed) {
    throw invalidLayer('it is no tar archive, or a header is broken: the checksum is wrong')
  }
}
