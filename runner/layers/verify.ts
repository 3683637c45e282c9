import { lstat } from 'node:fs/promises'
import { join } from 'node:path'
import { layerIds } from './layer-files.js'
import { readImageEntries } from './named-images.js'
import { digestOf } from './oci.js'
import { removeDamaged } from './remove.js'
import type { StoreState } from './state.js'
import { layerDirectory } from './store-files.js'
import type { Image, StoreFault, StoreReport } from './types.js'

/** `LayerStore.verify` */
export async function verifyStore(state: StoreState, repair: boolean): Promise<StoreReport> {
  const ids = await layerIds(state.paths)
  const faults: StoreFault[] = []
  for (const diffId of ids) {
    const problem = await faultOfLayer(state, diffId)
    if (problem !== null) faults.push({ what: diffId, problem })
  }
  const damaged = new Set(faults.map(({ what }) => what))
  const images = await readImageEntries(state.paths)
  for (const { image } of images) {
    const problem = await faultOfImage(state, image, damaged)
    if (problem !== null) faults.push({ what: image.name, problem })
  }
  if (repair && damaged.size > 0) await removeDamaged(state, [...damaged])
  return { images: images.length, layers: ids.length, faults }
}

async function faultOfLayer(state: StoreState, diffId: string): Promise<string | null> {
  const layer = await state.durability.readLayer(diffId)
  if (layer === null) return 'it is not whole'
  const tree = join(layerDirectory(state.paths, diffId), 'fs')
  const found = await lstat(tree).catch(() => null)
  if (found?.isDirectory() !== true) return 'its files are gone'
  return null
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
