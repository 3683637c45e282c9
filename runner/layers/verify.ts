import { messageOf } from '../../protocol/errors.js'
import { lstat } from 'node:fs/promises'
import { join } from 'node:path'
import { layerIds } from './layer-files.js'
import { imageEntries } from './named-images.js'
import { digestOf } from './oci.js'
import { withLease } from './leases.js'
import { removeDamaged } from './remove.js'
import type { StoreState } from './state.js'
import { layerDirectory } from './store-files.js'
import { treeDigest } from './tree-digest.js'
import type { Image, StoreFault, StoreReport } from './types.js'

/** `LayerStore.verify` */
export async function verifyStore(state: StoreState, repair: boolean): Promise<StoreReport> {
  await state.durability.flush()
  const ids = await layerIds(state.paths)
  const faults: StoreFault[] = []
  for (const diffId of ids) {
    const problem = await faultOfLayer(state, diffId)
    if (problem !== null) faults.push({ what: diffId, problem })
  }
  const damaged = new Set(faults.map(({ what }) => what))
  let images = 0
  for await (const { image } of imageEntries(state.paths)) {
    images += 1
    const problem = await faultOfImage(state, image, damaged)
    if (problem !== null) faults.push({ what: image.name, problem })
  }
  if (repair && damaged.size > 0) await removeDamaged(state, [...damaged])
  return { images, layers: ids.length, faults }
}

/** A layer that is removed meanwhile has no fault. */
function faultOfLayer(state: StoreState, diffId: string): Promise<string | null> {
  return withLease(state, async (lease) => {
    const { paths, durability, owners } = state
    const layer = await durability.readLayer(diffId)
    const tree = join(layerDirectory(paths, diffId), 'fs')
    const found = await lstat(tree).catch(() => null)
    if (layer === null) return found === null ? null : 'it is not whole'
    if (!(await lease.hold([diffId]))) return null
    if (found?.isDirectory() !== true) return 'its files are gone'
    if (layer.tree === undefined) return null
    const now = await treeDigest(paths, owners, diffId).catch(messageOf)
    return now === layer.tree ? null : `its files are not what they were: ${now}`
  })
}

async function faultOfImage(
  { durability }: StoreState,
  { layers, file, id }: Image,
  damaged: ReadonlySet<string>,
): Promise<string | null> {
  for (const diffId of layers) {
    if (damaged.has(diffId)) return `its layer ${diffId} is damaged`
    if ((await durability.readLayer(diffId)) === null) return `its layer ${diffId} is not there`
  }
  return file !== undefined && digestOf(file) !== id ? 'its configuration has changed' : null
}
