import { mkdir, rename } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { makePrivateDirectory } from '../../protocol/data-dir.js'
import { addLayer } from './add-layer.js'
import { Durability } from './durability.js'
import { parseImageName, type ImageName } from './image-name.js'
import { importBusybox, importTar, importTree } from './imports.js'
import { layerIds, readLayer } from './layer-files.js'
import { openLease } from './leases.js'
import { DEFAULT_LAYER_LIMITS, type LayerLimits } from './limits.js'
import { markUsed, readImage, readImages } from './named-images.js'
import { ownersOf } from './owners.js'
import { readRecord, writeRecord } from './records.js'
import { prune, removeImage } from './remove.js'
import { pinImage, setImage } from './set-image.js'
import { locked, type StoreState } from './state.js'
import {
  imageFile,
  layerDirectory,
  storePaths,
  sweepDead,
  withTemporary,
  type StorePaths,
} from './store-files.js'
import type { Image, LayerStore } from './types.js'
import { verifyStore } from './verify.js'

/**
 * Opens the layer store below `directory`, making it when it is not there, and removes what importers
 * that have died left. Several processes may have it open. Nobody else gets in: files of images may be
 * setuid root.
 * @throws SandpiperError SP_DATA_DIR, SP_LAYER_OWNER
 */
export async function openLayerStore(
  directory: string,
  limits: Partial<LayerLimits> = {},
): Promise<LayerStore> {
  const state = await openState(directory, limits)
  const { paths, durability } = state
  const fileOf = (name: ImageName): string => imageFile(paths, name.canonical)
  return {
    find: async (name) => findImage(state, parseImageName(name)),
    list: async () => {
      const images = await readImages(paths)
      return [...images].sort((a, b) => (a.name < b.name ? -1 : 1))
    },
    layerPaths: (image) => layerPaths(paths, image),
    layer: (diffId) => durability.readLayer(diffId),
    lease: () => openLease(state),
    addLayer: (source, lease, signal) => addLayer(state, source, lease, signal),
    setImage: async (name, image) => setImage(state, parseImageName(name), image),
    touch: ({ name }) => markUsed(fileOf(parseImageName(name))),
    pin: async (name, pinned) => pinImage(state, parseImageName(name), pinned),
    readRecord: (key, lease) => readRecord(paths, key, lease),
    writeRecord: (key, record) => writeRecord(paths, key, record),
    importTar: async (name, file) => importTar(state, parseImageName(name), resolve(file)),
    importDirectory: async (name, source) =>
      importTree(state, parseImageName(name), resolve(source)),
    importBusybox: async (name) => importBusybox(state, parseImageName(name)),
    remove: async (name) => removeImage(state, parseImageName(name)),
    prune: (options) => prune(state, options),
    verify: (options) => verifyStore(state, options?.repair === true),
    flush: () => durability.flush(),
  }
}

async function openState(directory: string, limits: Partial<LayerLimits>): Promise<StoreState> {
  const paths = storePaths(resolve(directory))
  const { root, layers, layerLocks, images, records, leases, temporary } = paths
  for (const path of [root, layers, layerLocks, images, records, leases, temporary]) {
    await makePrivateDirectory(path)
  }
  await sweepDead(paths)
  const owners = await ownersOf(paths)
  const durability = await Durability.open(paths, owners)
  const whole = { ...DEFAULT_LAYER_LIMITS, ...limits }
  const state = { paths, owners, durability, limits: whole, flights: new Map() }
  await sweepUnsynced(state)
  return state
}

/** Removes what a power loss may have left with holes; has the rest brought to the disk. */
async function sweepUnsynced(state: StoreState): Promise<void> {
  const { paths, durability } = state
  const ids = await layerIds(paths)
  const layers = await Promise.all(ids.map((diffId) => readLayer(paths, diffId)))
  const unsynced = layers.filter((layer) => layer?.unsyncedBoot !== undefined)
  if (unsynced.length > 0) durability.schedule()
  const lost = unsynced.filter((layer) => layer !== null && durability.isLost(layer))
  if (lost.length === 0) return
  await withTemporary(paths, (temporary) =>
    locked(state, async () => {
      await mkdir(join(temporary, 'lost'))
      for (const layer of lost) {
        if (layer === null || (await durability.readLayer(layer.diffId)) !== null) continue
        const from = layerDirectory(paths, layer.diffId)
        await rename(from, join(temporary, 'lost', layer.diffId.slice('sha256:'.length)))
      }
    }),
  )
}

/**
 * Topmost first. overlayfs refuses to have a directory twice; of a layer that is there twice only the
 * upper one shows.
 */
function layerPaths(paths: StorePaths, image: Pick<Image, 'layers'>): readonly string[] {
  const topFirst = [...new Set([...image.layers].reverse())]
  return topFirst.map((diffId) => join(layerDirectory(paths, diffId), 'fs'))
}

async function findImage(
  { paths, durability }: StoreState,
  name: ImageName,
): Promise<Image | null> {
  const image = await readImage(imageFile(paths, name.canonical))
  if (image === null) return null
  const layers = await Promise.all(image.layers.map((diffId) => durability.readLayer(diffId)))
  return layers.includes(null) ? null : image
}
