import { entryErrors } from './errors.js'
import { keptXattrs, type LowerStep } from './lower-files.js'
import type { LayerRecord } from './layer-records.js'
import type { TarEntry } from './tar/entry.js'

/** What files of a layer are owned by on disk: the archive's ids come `shift` later. */
export interface LayerOwners {
  readonly shift: number
  /** Ids there are: 0..count-1 in the archive. */
  readonly count: number
}

/** Where mounts map ids, so that any there are can be on disk. The last number means no id (chown(2)). */
export const AS_ARCHIVED: LayerOwners = { shift: 0, count: 0xffff_ffff }

type Metadata = Pick<LayerRecord, 'mode' | 'uid' | 'gid' | 'mtime' | 'mtimeNs' | 'xattrs'>

const CAPABILITY = 'security.capability'

/**
 * Mode, owner, time and attributes, as they are to be on disk.
 * @param from an entry of the archive, what is below a directory that no entry names, or null for such a
 * one that is nowhere
 * @throws SandpiperError SP_LAYER_IDS
 */
export function metadataOf(
  path: string,
  from: TarEntry | LowerStep | null,
  owners: LayerOwners,
): Metadata {
  if (from !== null && 'type' in from) return metadataOfEntry(path, from, owners)
  if (from?.kind !== 'directory') {
    return { mode: 0o755, uid: owners.shift, gid: owners.shift, mtime: 0 }
  }
  return lowerMetadata(from)
}

/** The same of what is on disk in a layer. */
export function lowerMetadata({
  path,
  stat,
}: Extract<LowerStep, { readonly stat: unknown }>): Metadata {
  const seconds = floorDivide(stat.mtimeNs, 1_000_000_000n)
  return {
    mode: Number(stat.mode) & 0o7777,
    uid: Number(stat.uid),
    gid: Number(stat.gid),
    mtime: Number(seconds),
    mtimeNs: Number(stat.mtimeNs - seconds * 1_000_000_000n),
    xattrs: keptXattrs(path),
  }
}

function floorDivide(a: bigint, b: bigint): bigint {
  const quotient = a / b
  return a % b < 0n ? quotient - 1n : quotient
}

function metadataOfEntry(path: string, entry: TarEntry, owners: LayerOwners): Metadata {
  const { mode, mtime, mtimeNs, uid, gid } = entry
  for (const id of [uid, gid]) {
    if (id < 0 || id >= owners.count) throw entryErrors.tooFewIds(path, id, owners.count)
  }
  return {
    ...{ mode, mtime, mtimeNs },
    ...{ uid: uid + owners.shift, gid: gid + owners.shift },
    xattrs: allowedXattrs(entry, owners),
  }
}

/**
 * File capabilities and users' own attributes, on what can have them (xattr(7)); none that mean something
 * to overlayfs or the host.
 */
function allowedXattrs(
  { type, xattrs }: TarEntry,
  owners: LayerOwners,
): ReadonlyMap<string, string> {
  if (xattrs.size === 0 || (type !== 'file' && type !== 'directory')) return NONE
  const allowed = new Map<string, string>()
  for (const [name, value] of xattrs) {
    if (name === CAPABILITY && type === 'file') allowed.set(name, shiftCapability(value, owners))
    const isUsers = /^user\.[^=\0]{1,250}$/.test(name) && !name.startsWith('user.overlay.')
    if (isUsers) allowed.set(name, value)
  }
  return allowed
}

const NONE: ReadonlyMap<string, string> = new Map()

/** Revisions of the attribute, and its sizes in bytes (linux/capability.h). */
const REVISION_MASK = 0xff00_0000
const REVISION_3 = 0x0300_0000
const BYTES_2 = 20
const BYTES_3 = 24

/** Capabilities count for a user namespace whose root is the id in them: that of the owners. */
function shiftCapability(value: string, { shift }: LayerOwners): string {
  const before = Buffer.from(value, 'latin1')
  if (shift === 0 || (before.length !== BYTES_2 && before.length !== BYTES_3)) return value
  const shifted = Buffer.alloc(BYTES_3)
  before.copy(shifted)
  shifted.writeUInt32LE(((before.readUInt32LE(0) & ~REVISION_MASK) | REVISION_3) >>> 0, 0)
  const root = before.length === BYTES_3 ? before.readUInt32LE(BYTES_2) : 0
  shifted.writeUInt32LE(root + shift, BYTES_2)
  return shifted.toString('latin1')
}
