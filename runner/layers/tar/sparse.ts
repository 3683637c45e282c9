import { invalidLayer } from '../errors.js'
import { BLOCK_BYTES, type Extent } from './entry.js'
import type { TarInput } from './input.js'
import { decimal, readSize } from './numbers.js'

/** Bytes that the map of one sparse file may have. */
const MAP_BYTES_MAX = 4 * 1024 * 1024

/** A sparse file as `TarEntry` has it, and the content that is left in the archive. */
export interface Sparse {
  readonly size: number
  readonly extents: readonly Extent[]
  readonly contentBytes: number
}

/**
 * The map in GNU's old header (type `S`), with the blocks of more of it that follow (GNU tar manual,
 * "Storing Sparse Files": oldgnu_header, sparse_header).
 */
export async function readOldSparse(
  header: Buffer,
  size: number,
  input: TarInput,
): Promise<Sparse> {
  const extents = readEntries(header, 386, 4)
  let more = header[482] !== 0
  while (more) {
    const block = await input.read(BLOCK_BYTES)
    if (block === null) throw invalidLayer('the map of a sparse file is cut short')
    extents.push(...readEntries(block, 0, 21))
    if (extents.length * 24 > MAP_BYTES_MAX) throw tooLarge()
    more = block[504] !== 0
  }
  return check({ size: readSize(header, 483, 12), extents, contentBytes: size })
}

/** The map that pax headers carry in the formats 0.0 and 0.1: offsets and lengths, in turn. */
export function toSparse(size: number, numbers: readonly number[], contentBytes: number): Sparse {
  return check({ size, extents: pairs(numbers), contentBytes })
}

/**
 * The map of format 1.0, which is the beginning of the content: decimal lines, how many pairs and then
 * these, filled up to a block.
 */
export async function readSparseMap(
  size: number,
  contentBytes: number,
  input: TarInput,
): Promise<Sparse> {
  const numbers: number[] = []
  let taken = 0
  let rest = ''
  // The first number says how many pairs there are.
  for (let wanted = 1; numbers.length < wanted; wanted = 1 + 2 * (numbers[0] ?? 0)) {
    taken += BLOCK_BYTES
    if (taken > Math.min(contentBytes, MAP_BYTES_MAX)) throw tooLarge()
    const block = await input.read(BLOCK_BYTES)
    if (block === null) throw invalidLayer('the map of a sparse file is cut short')
    const lines = (rest + block.toString('latin1')).split('\n')
    rest = lines.pop() ?? ''
    // No number is so long; each block is looked at only once.
    if (rest.length > BLOCK_BYTES) throw invalidLayer('the map of a sparse file is broken')
    for (const line of lines) {
      if (numbers.length === 0 || numbers.length < 1 + 2 * (numbers[0] ?? 0)) {
        numbers.push(decimal(line))
      }
    }
  }
  const extents = pairs(numbers.slice(1))
  return check({ size, extents, contentBytes: contentBytes - taken })
}

function readEntries(block: Buffer, at: number, count: number): Extent[] {
  const extents: Extent[] = []
  for (let index = 0; index < count; index += 1) {
    const from = at + index * 24
    // A field that begins with nothing ends the list.
    if (block[from] === 0 && block[from + 12] === 0) break
    extents.push({ offset: readSize(block, from, 12), length: readSize(block, from + 12, 12) })
  }
  return extents
}

function pairs(numbers: readonly number[]): Extent[] {
  if (numbers.length % 2 !== 0) throw invalidLayer('the map of a sparse file is broken')
  const extents: Extent[] = []
  for (let at = 0; at < numbers.length; at += 2) {
    extents.push({ offset: numbers[at] ?? 0, length: numbers[at + 1] ?? 0 })
  }
  return extents
}

/** Pieces come in order, inside the file, and are all of the content. */
function check(sparse: Sparse): Sparse {
  let end = 0
  let total = 0
  for (const { offset, length } of sparse.extents) {
    if (offset < end) throw invalidLayer('the pieces of a sparse file overlap')
    end = offset + length
    total += length
  }
  if (end > sparse.size || !Number.isSafeInteger(end) || total !== sparse.contentBytes) {
    throw invalidLayer('the map of a sparse file does not fit its size')
  }
  return { ...sparse, extents: sparse.extents.filter(({ length }) => length > 0) }
}

function tooLarge(): Error {
  return invalidLayer('the map of a sparse file is too large')
}
