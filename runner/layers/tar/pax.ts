import { invalidLayer } from '../errors.js'
import { decimal } from './numbers.js'

/** What headers before an entry say about it (pax(1), and GNU tar's `L` and `K`). */
export interface Extension {
  path?: string
  linkPath?: string
  size?: number
  uid?: number
  gid?: number
  /** As it is written. */
  mtime?: string
  readonly xattrs: Map<string, string>
  /** GNU's sparse files, formats 0.0, 0.1 and 1.0 (GNU tar manual, "Sparse Formats"). */
  readonly sparse: {
    name?: string
    /** Bytes of the file; set for sparse files only. */
    size?: number
    /** Offsets and lengths, in turn. */
    numbers: number[]
    /** Format 1.0. */
    isMapInContent: boolean
  }
}

export function newExtension(): Extension {
  return { xattrs: new Map(), sparse: { numbers: [], isMapInContent: false } }
}

/** Records are `LENGTH KEY=VALUE NEWLINE`, the length counting all of itself (pax(1)). */
export function* readPaxRecords(text: string): Generator<[string, string]> {
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
const SPARSE = 'GNU.sparse.'

/**
 * Takes a record in; those that say nothing of interest are passed over. One without a value takes back
 * what was said before (pax(1)), as Go has it for attributes, too.
 */
export function applyRecord(extension: Extension, key: string, value: string): void {
  if (key.startsWith(XATTR)) applyXattr(extension, key.slice(XATTR.length), value)
  else if (key.startsWith(SPARSE)) applySparse(extension, key.slice(SPARSE.length), value)
  else if (value === '') remove(extension, key)
  else if (key === 'path') extension.path = value
  else if (key === 'linkpath') extension.linkPath = value
  else if (key === 'size') extension.size = decimal(value)
  else if (key === 'uid') extension.uid = decimal(value)
  else if (key === 'gid') extension.gid = decimal(value)
  else if (key === 'mtime') extension.mtime = value
}

function applyXattr({ xattrs }: Extension, name: string, value: string): void {
  if (value === '') xattrs.delete(name)
  else xattrs.set(name, value)
}

function remove(extension: Extension, key: string): void {
  if (key === 'path') delete extension.path
  else if (key === 'linkpath') delete extension.linkPath
  else if (key === 'size') delete extension.size
  else if (key === 'uid') delete extension.uid
  else if (key === 'gid') delete extension.gid
  else if (key === 'mtime') delete extension.mtime
}

function applySparse({ sparse }: Extension, key: string, value: string): void {
  if (key === 'name') sparse.name = value
  else if (key === 'size' || key === 'realsize') sparse.size = decimal(value)
  else if (key === 'major') sparse.isMapInContent = value === '1'
  else if (key === 'offset' || key === 'numbytes') sparse.numbers.push(decimal(value))
  else if (key === 'map') sparse.numbers = value === '' ? [] : value.split(',').map(decimal)
}
