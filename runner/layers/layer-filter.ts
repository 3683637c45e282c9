import { entryErrors, invalidLayer, printable } from './errors.js'
import { copyUp } from './copy-up.js'
import { LayerTree, type DirectoryNode, type LayerNode, type Place } from './layer-tree.js'
import type { LayerLimits } from './limits.js'
import { LowerFiles, type LowerStep } from './lower-files.js'
import { metadataOf, type LayerOwners } from './metadata.js'
import { encodeRecord, RECORD, type LayerRecord } from './layer-records.js'
import { padding } from './tar/entry.js'
import type { TarEntry } from './tar/entry.js'
import type { TarInput } from './tar/input.js'
import { ownText } from './tar/own-text.js'
import { readEntry } from './tar/read.js'

/** What came through the filter. */
export interface Filtered {
  readonly entries: number
  /** Bytes of all files, holes counted. */
  readonly size: number
  /**
   * Whether what was made depends on the layers below: on their directories, where the layer names files
   * but not the directories that they are in, on their links, or on a file that a hard link is to.
   */
  readonly isBound: boolean
}

type Sink = (chunk: Buffer) => Promise<void>

export interface FilterOptions {
  readonly limits: LayerLimits
  readonly owners: LayerOwners
  /** Directories of the layers below, topmost first. */
  readonly parents: readonly string[]
}

interface Filter extends FilterOptions {
  readonly input: TarInput
  readonly sink: Sink
  readonly tree: LayerTree
  size: number
}

const WHITEOUT = '.wh.'
const OPAQUE = '.wh..wh..opq'
/** What is in the directories that aufs kept for itself, and left in layers of its time. */
const IN_BOOKKEEPING = /(?:^|\/)\.wh\.\.wh\.[^/]*\/+[^/]/

/**
 * Reads a layer's archive and writes records for the program that unpacks it, made anew from what was
 * understood: every path has no link in its directories, device nodes are left out, and what comes later
 * in the archive replaces what was there (as `umoci unpack` and Docker have it). So that program gets no
 * byte of a header from outside.
 *
 * Whiteouts (OCI image-spec, layer.md) become what overlayfs knows: a character device 0:0 for a removed
 * name, `user.overlay.opaque` for a directory that hides those below (kernel, overlayfs.rst).
 * @throws SandpiperError SP_LAYER_INVALID, SP_LAYER_TOO_LARGE, SP_LAYER_IDS
 */
export async function filterLayer(
  input: TarInput,
  sink: Sink,
  options: FilterOptions,
): Promise<Filtered> {
  const lower = new LowerFiles(options.parents.map((path) => Buffer.from(path)))
  const filter: Filter = { ...options, input, sink, tree: new LayerTree(lower), size: 0 }
  await writeImplied(filter, '', lower.self())
  for (;;) {
    const entry = await readEntry(input)
    if (entry === null) break
    await filterEntry(filter, entry)
    if (filter.tree.size > options.limits.layerEntriesMax) throw entryErrors.tooMany(options.limits)
  }
  await writeMarks(filter)
  await emit(filter, { type: RECORD.end })
  return { entries: filter.tree.size, size: filter.size, isBound: filter.tree.isBound }
}

async function filterEntry(filter: Filter, entry: TarEntry): Promise<void> {
  countBytes(filter, entry.sparse?.size ?? entry.size)
  if (IN_BOOKKEEPING.test(entry.path)) {
    return filter.input.skip(entry.size + padding(entry.size))
  }
  const place = await locate(filter, entry.path)
  if (place.name.startsWith(WHITEOUT)) {
    noteWhiteout(filter, place)
    await filter.input.skip(entry.size + padding(entry.size))
  } else await writeEntry(filter, entry, place)
}

async function locate(filter: Filter, path: string): Promise<Place> {
  const place = filter.tree.locate(path)
  for (const { path: implied, below } of filter.tree.takeImplied()) {
    await writeImplied(filter, implied, below)
  }
  return place
}

function countBytes(filter: Filter, size: number): void {
  filter.size += size
  if (filter.size > filter.limits.layerBytesMax) throw entryErrors.tooLarge(filter.limits)
}

async function writeEntry(filter: Filter, entry: TarEntry, place: Place): Promise<void> {
  switch (entry.type) {
    case 'directory':
      return writeDirectory(filter, entry, place)
    case 'link':
      return writeLink(filter, entry, place)
    case 'device':
      return replace(filter, place, { kind: 'device' })
    case 'file':
      return writeFile(filter, entry, place)
    case 'symlink':
      await replace(filter, place, { kind: 'symlink', target: targetOf(entry) })
      return emitEntry(filter, RECORD.symlink, entry, place, { target: entry.linkPath })
    case 'fifo':
      await replace(filter, place, { kind: 'file' })
      return emitEntry(filter, RECORD.fifo, entry, place)
  }
}

async function writeDirectory(filter: Filter, entry: TarEntry, place: Place): Promise<void> {
  const before = filter.tree.at(place)
  if (before?.kind !== 'directory') {
    await remove(filter, place, before)
    filter.tree.addDirectory(place)
  }
  await emitEntry(filter, RECORD.directory, entry, place)
}

async function writeFile(filter: Filter, entry: TarEntry, place: Place): Promise<void> {
  const { input, sink } = filter
  await replace(filter, place, { kind: 'file' })
  const { size, sparse } = entry
  const sizes = sparse === undefined ? { size, data: size } : { size: sparse.size }
  await emitEntry(filter, RECORD.file, entry, place, sizes)
  if (sparse === undefined) await input.forward(size, sink)
  for (const { offset, length } of sparse?.extents ?? []) {
    await emit(filter, { type: RECORD.data, offset, data: length })
    await input.forward(length, sink)
  }
  await input.skip(padding(size))
}

/** A hard link to a file of a layer below takes the file into this one, as overlayfs would. */
async function writeLink(filter: Filter, entry: TarEntry, place: Place): Promise<void> {
  const { tree } = filter
  const to = await locate(filter, entry.linkPath)
  const found = tree.at(to)
  const below = found === null ? tree.below(to) : null
  const isFile = found === null ? below?.kind === 'file' : found.kind !== 'directory'
  if (!isFile || to.path.startsWith(`${place.path}/`)) {
    throw invalidLayer(`${printable(entry.path)} is a hard link to what is no file`)
  }
  if (to.path === place.path) return
  if (below?.kind === 'file') {
    countBytes(filter, Number(below.stat.size))
    await copyUp(below, to.path, filter.sink)
    tree.put(to, { kind: 'file' })
  }
  await replace(filter, place, found ?? { kind: 'file' })
  if (found?.kind === 'device') return
  await emit(filter, { type: RECORD.link, path: place.path, target: to.path })
}

/** Puts what is no directory at a place, instead of what is there. */
async function replace(filter: Filter, place: Place, node: LayerNode): Promise<void> {
  if (place.name === '') throw invalidLayer('the root is no directory')
  await remove(filter, place, filter.tree.at(place))
  filter.tree.put(place, node)
}

async function remove(filter: Filter, { path }: Place, before: LayerNode | null): Promise<void> {
  if (before === null || before.kind === 'device') return
  await emit(filter, { type: RECORD.remove, path })
}

function targetOf(entry: TarEntry): string {
  const { linkPath, path } = entry
  if (linkPath === '' || linkPath.length > 4095 || linkPath.includes('\0')) {
    throw invalidLayer(`${printable(path)} is a link with a bad target`)
  }
  return ownText(linkPath)
}

function noteWhiteout(filter: Filter, { path, parent, name }: Place): void {
  if (name === OPAQUE) parent.isOpaque = true
  // Other names with the prefix twice are aufs's own bookkeeping.
  if (name.startsWith(WHITEOUT + WHITEOUT)) return
  const hidden = name.slice(WHITEOUT.length)
  if (hidden === '' || hidden === '.' || hidden === '..') {
    throw invalidLayer(`${printable(path)} hides nothing`)
  }
  filter.tree.hide(parent, hidden)
}

/** Comes last: a whiteout counts for the layers below only, not for what its own layer holds. */
async function writeMarks(filter: Filter): Promise<void> {
  const { root } = filter.tree
  if (root.isOpaque) hideAll(filter, root)
  const left: { path: string; node: DirectoryNode }[] = [{ path: '', node: root }]
  for (let at = left.pop(); at !== undefined; at = left.pop()) {
    const { path, node } = at
    const prefix = path === '' ? '' : `${path}/`
    for (const name of node.hidden) await writeWhiteout(filter, node, prefix, name)
    if (isMarked(node, path)) await emit(filter, { type: RECORD.opaque, path })
    for (const [name, child] of node.children) {
      if (child.kind === 'directory') left.push({ path: prefix + name, node: child })
    }
  }
}

async function writeWhiteout(
  filter: Filter,
  directory: DirectoryNode,
  prefix: string,
  name: string,
): Promise<void> {
  const node = directory.children.get(name)
  if (node?.kind === 'directory') node.isOpaque = true
  if (node !== undefined && node.kind !== 'device') return
  // Where nothing is merged a whiteout would hide nothing, and overlayfs would list it.
  if (isMarked(directory, prefix)) return
  const { shift } = filter.owners
  await emit(filter, { type: RECORD.whiteout, path: prefix + name, uid: shift, gid: shift })
}

function isMarked({ isOpaque }: DirectoryNode, path: string): boolean {
  return isOpaque && path !== ''
}

/** overlayfs merges the roots of all layers whatever they are marked as: their names are hidden one by one. */
function hideAll({ tree }: Filter, root: DirectoryNode): void {
  tree.isBound = true
  for (const name of root.lower.names()) root.hidden.add(name)
}

async function writeImplied(filter: Filter, path: string, below: LowerStep | null): Promise<void> {
  const metadata = metadataOf(path, below, filter.owners)
  await emit(filter, { type: RECORD.directory, path, ...metadata })
}

async function emitEntry(
  filter: Filter,
  type: LayerRecord['type'],
  entry: TarEntry,
  { path }: Place,
  rest: Partial<LayerRecord> = {},
): Promise<void> {
  await emit(filter, { type, path, ...metadataOf(entry.path, entry, filter.owners), ...rest })
}

async function emit({ sink }: Filter, record: LayerRecord): Promise<void> {
  await sink(encodeRecord(record))
}
