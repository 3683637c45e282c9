import { SandpiperError } from '../../protocol/errors.js'
import { invalidLayer, printable } from './errors.js'
import { LayerTree } from './layer-tree.js'
import type { LayerLimits } from './limits.js'
import { padding } from './tar/entry.js'
import type { TarEntry } from './tar/entry.js'
import type { TarInput } from './tar/input.js'
import { readEntry } from './tar/read.js'
import { encodeHeaders, TRAILER } from './tar/write.js'

/** What came through the filter. */
export interface Filtered {
  readonly entries: number
  /** Bytes of all files. */
  readonly size: number
}

type Sink = (chunk: Buffer) => Promise<void>

/** What files of a layer are owned by on disk: the archive's ids come `shift` later. */
export interface LayerOwners {
  readonly shift: number
  /** Ids there are: 0..count-1 in the archive. */
  readonly count: number
}

/** Where mounts map ids, so that any there are can be on disk. */
export const AS_ARCHIVED: LayerOwners = { shift: 0, count: Infinity }

interface Filter {
  readonly input: TarInput
  readonly sink: Sink
  readonly limits: LayerLimits
  readonly tree: LayerTree
  readonly owners: LayerOwners
  readonly directories: Map<string, TarEntry>
  readonly whiteouts: Set<string>
  readonly opaque: Set<string>
  /** Located paths of device nodes, which are left out, with the links to them. */
  readonly dropped: Set<string>
  size: number
}

const FLAGS = {
  file: '0',
  link: '1',
  symlink: '2',
  device: '3',
  directory: '5',
  fifo: '6',
} as const
const WHITEOUT = '.wh.'
const OPAQUE = '.wh..wh..opq'

/**
 * Reads a layer's archive and writes a new one that holds only what may be unpacked: every header is
 * made anew from what was understood, every name is relative and has no link in its directories, device
 * nodes are left out. So the program that unpacks it gets no byte of a header from outside.
 *
 * Whiteouts (OCI image-spec, layer.md) become what overlayfs knows: a character device 0:0 for a removed
 * name, `user.overlay.opaque` for a directory that hides those below (kernel, overlayfs.rst).
 * @throws SandpiperError SP_LAYER_INVALID, SP_LAYER_TOO_LARGE, SP_LAYER_IDS
 */
export async function filterLayer(
  input: TarInput,
  limits: LayerLimits,
  sink: Sink,
  owners: LayerOwners = AS_ARCHIVED,
): Promise<Filtered> {
  const filter: Filter = {
    ...{ input, sink, limits, owners, tree: new LayerTree(), size: 0 },
    ...{ directories: new Map(), whiteouts: new Set(), opaque: new Set(), dropped: new Set() },
  }
  for (;;) {
    const entry = await readEntry(input)
    if (entry === null) break
    await filterEntry(filter, entry)
    if (filter.tree.size + filter.whiteouts.size > limits.layerEntriesMax) throw tooMany(limits)
  }
  await writeWhiteouts(filter)
  await sink(TRAILER)
  return { entries: filter.tree.size, size: filter.size }
}

async function filterEntry(filter: Filter, entry: TarEntry): Promise<void> {
  const path = filter.tree.locate(entry.path)
  const name = path.slice(path.lastIndexOf('/') + 1)
  filter.size += entry.size
  if (filter.size > filter.limits.layerBytesMax) throw tooLarge(filter.limits)
  if (name.startsWith(WHITEOUT)) {
    noteWhiteout(filter, path, name)
    await filter.input.skip(entry.size + padding(entry.size))
  } else if (isDropped(filter, entry)) {
    if (filter.tree.kindOf(path) === null) filter.dropped.add(path)
  } else {
    filter.dropped.delete(path)
    await writeEntry(filter, entry, path)
  }
}

function isDropped(filter: Filter, entry: TarEntry): boolean {
  if (entry.type === 'device') return true
  return entry.type === 'link' && filter.dropped.has(filter.tree.locate(entry.linkPath))
}

async function writeEntry(filter: Filter, entry: TarEntry, path: string): Promise<void> {
  const { tree, sink, input } = filter
  if (path === '' && entry.type !== 'directory') throw invalidLayer('the root is no directory')
  if (entry.type === 'link') tree.addLink(path, tree.locate(entry.linkPath))
  else tree.add(path, nodeOf(entry))
  if (entry.type === 'directory') filter.directories.set(path, entry)
  const linkPath = linkPathOf(tree, entry)
  const { mode, mtime, size } = entry
  const { uid, gid } = ownerOf(filter, entry)
  const xattrs = allowedXattrs(entry)
  const flag = FLAGS[entry.type]
  await sink(
    encodeHeaders({ flag, path: `./${path}`, linkPath, mode, uid, gid, mtime, size, xattrs }),
  )
  await input.forward(size, sink)
  await input.forward(padding(size), sink)
}

function ownerOf(
  { owners }: Filter,
  { path, uid, gid }: Pick<TarEntry, 'path' | 'uid' | 'gid'>,
): Pick<TarEntry, 'uid' | 'gid'> {
  const largest = Math.max(uid, gid)
  if (largest >= owners.count) throw tooFewIds(path, largest, owners)
  return { uid: uid + owners.shift, gid: gid + owners.shift }
}

function nodeOf(entry: TarEntry): Parameters<LayerTree['add']>[1] {
  if (entry.type === 'directory') return { kind: 'directory', implied: false }
  if (entry.type === 'symlink') return { kind: 'symlink', target: entry.linkPath }
  return { kind: 'other' }
}

function linkPathOf(tree: LayerTree, entry: TarEntry): string {
  if (entry.type === 'link') return `./${tree.locate(entry.linkPath)}`
  if (entry.type !== 'symlink') return ''
  if (entry.linkPath === '' || entry.linkPath.length > 4095) {
    throw invalidLayer(`${printable(entry.path)} is a link with a bad target`)
  }
  return entry.linkPath
}

/** File capabilities and users' own attributes; none that mean something to overlayfs or the host. */
function allowedXattrs(entry: TarEntry): ReadonlyMap<string, string> {
  const allowed = (name: string): boolean =>
    name === 'security.capability' ||
    (/^user\.[^=\0]{1,250}$/.test(name) && !name.startsWith('user.overlay.'))
  return new Map([...entry.xattrs].filter(([name]) => allowed(name)))
}

function noteWhiteout(filter: Filter, path: string, name: string): void {
  const directory = path.slice(0, Math.max(0, path.length - name.length - 1))
  if (name === OPAQUE) filter.opaque.add(directory)
  // Other names with the prefix twice are aufs's own bookkeeping.
  if (name.startsWith(WHITEOUT + WHITEOUT)) return
  const hidden = name.slice(WHITEOUT.length)
  if (hidden === '' || hidden === '.' || hidden === '..') {
    throw invalidLayer(`${printable(path)} hides nothing`)
  }
  filter.whiteouts.add(directory === '' ? hidden : `${directory}/${hidden}`)
}

/** Comes last: a whiteout counts for the layers below only, not for what its own layer holds. */
async function writeWhiteouts(filter: Filter): Promise<void> {
  for (const path of filter.whiteouts) {
    const kind = filter.tree.kindOf(path)
    if (kind === 'directory') filter.opaque.add(path)
    const { shift } = filter.owners
    const owner = { mode: 0, uid: shift, gid: shift, mtime: 0 }
    if (kind === null) await filter.sink(encodeHeaders({ flag: '3', path: `./${path}`, ...owner }))
  }
  for (const path of filter.opaque) {
    const named = filter.directories.get(path)
    const { mode, mtime } = named ?? IMPLIED_DIRECTORY
    const { uid, gid } = ownerOf(filter, named ?? { ...IMPLIED_DIRECTORY, path })
    const xattrs = new Map(named === undefined ? [] : allowedXattrs(named))
    xattrs.set('user.overlay.opaque', 'y')
    const entry = { flag: '5', path: `./${path}`, mode, uid, gid, mtime, xattrs }
    await filter.sink(encodeHeaders(entry))
  }
}

const IMPLIED_DIRECTORY = { mode: 0o755, uid: 0, gid: 0, mtime: 0 }

/** The error for a layer with more bytes than the limits allow. */
export function tooLarge(limits: LayerLimits): Error {
  return limitError(`more than ${String(limits.layerBytesMax)} bytes`)
}

function tooFewIds(path: string, id: number, { count }: LayerOwners): SandpiperError {
  return new SandpiperError(
    'SP_LAYER_IDS',
    `${printable(path)} belongs to id ${String(id)}, and stages of this user have ${String(count)} ids`,
    { hint: 'Give the user more subordinate ids, or run as root: `sandpiper doctor` tells how.' },
  )
}

function tooMany(limits: LayerLimits): Error {
  return limitError(`more than ${String(limits.layerEntriesMax)} entries`)
}

function limitError(what: string): SandpiperError {
  return new SandpiperError('SP_LAYER_TOO_LARGE', `a layer has ${what}`, {
    hint: 'Make the image smaller.',
  })
}
