import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { isNamespaceRoot, namespaceStageIds } from '../../native/lib/user-namespace.js'
import { SandpiperError } from '../../protocol/errors.js'
import { AS_ARCHIVED, type LayerOwners } from './metadata.js'
import { writeWhole, type StorePaths } from './store-files.js'

/** The ids, as the host knows them, that are root's in the layers of a store. */
interface StoreOwner {
  readonly uid: number
  readonly gid: number
}

const HOST_ROOT: StoreOwner = { uid: 0, gid: 0 }

/**
 * Who owns the files of the layers in a store. The host's root keeps them as they were archived. A user
 * who is root of a namespace can't map ids at mounts, so that the files belong to his stages' ids on disk.
 * Such a store says whose it is: with other ids its files would be nobody's.
 * @throws SandpiperError SP_LAYER_OWNER when the store belongs to other ids
 */
export async function ownersOf(paths: StorePaths): Promise<LayerOwners> {
  const ids = isNamespaceRoot() ? namespaceStageIds() : null
  const wanted = ids?.outside ?? HOST_ROOT
  const file = join(paths.root, 'owner.json')
  const found = (await readOwner(file)) ?? (await impliedOwner(paths, wanted))
  if (found.uid !== wanted.uid || found.gid !== wanted.gid) throw otherOwner(paths, found, wanted)
  if (ids === null) return AS_ARCHIVED
  await writeWhole(file, `${JSON.stringify(wanted)}\n`)
  return { shift: ids.start, count: ids.count }
}

async function readOwner(file: string): Promise<StoreOwner | null> {
  try {
    const { uid, gid } = JSON.parse(await readFile(file, 'utf8')) as Partial<StoreOwner>
    return { uid: Number(uid), gid: Number(gid) }
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null
    throw error
  }
}

/** A store that does not say is the host root's, unless there is nothing in it yet. */
async function impliedOwner(paths: StorePaths, wanted: StoreOwner): Promise<StoreOwner> {
  return (await readdir(paths.layers)).length === 0 ? wanted : HOST_ROOT
}

function otherOwner(paths: StorePaths, found: StoreOwner, wanted: StoreOwner): SandpiperError {
  const text = ({ uid, gid }: StoreOwner): string => `user id ${uid} and group id ${gid}`
  return new SandpiperError(
    'SP_LAYER_OWNER',
    `root of the images in ${paths.root} is ${text(found)} of the host, and of stages that run here ${text(wanted)}`,
    {
      hint: 'Use a data directory of this user’s own (--data), or remove this one and import the images anew.',
    },
  )
}
