import { createHash } from 'node:crypto'
import { mkdir, readdir, rename, rm, unlink, writeFile } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { makePrivateDirectory } from '../../protocol/data-dir.js'
import { SandpiperError } from '../../protocol/errors.js'
import { withFileLock } from '../../git/file-lock.js'
import type { ImageSource, LayerSource } from './archive.js'
import { makeBusyboxRoot } from './busybox.js'
import { packDirectory } from './directory.js'
import { invalidImage } from './errors.js'
import { DEFAULT_CONFIG } from './image-config.js'
import { parseImageName } from './image-name.js'
import type { ImageName } from './image-name.js'
import { DEFAULT_LAYER_LIMITS, STORE_LOCK_TIMEOUT_MS } from './limits.js'
import type { LayerLimits } from './limits.js'
import type { LayerOwners } from './layer-filter.js'
import { withImageFile } from './open-image.js'
import {
  imageFile,
  layerDirectory,
  layerSize,
  readImage,
  readImages,
  storePaths,
  sweepTemporary,
  withTemporary,
  writeWhole,
} from './store-files.js'
import type { StorePaths } from './store-files.js'
import { ownersOf } from './owners.js'
import type { Image, ImageConfig, LayerStore } from './types.js'
import { unpackLayer } from './unpack.js'

interface Store {
  readonly paths: StorePaths
  readonly limits: LayerLimits
  readonly owners: LayerOwners
}

/** A layer that is in the store already (`directory` null), or unpacked and waiting to be put there. */
interface StagedLayer {
  readonly diffId: string
  readonly directory: string | null
}

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
  const paths = storePaths(resolve(directory))
  for (const path of [paths.root, paths.layers, paths.images, paths.temporary]) {
    await makePrivateDirectory(path)
  }
  await sweepTemporary(paths)
  const owners = await ownersOf(paths)
  const store: Store = { paths, owners, limits: { ...DEFAULT_LAYER_LIMITS, ...limits } }
  return {
    find: async (name) => findImage(store, parseImageName(name)),
    list: async () => {
      const images = await readImages(paths)
      return [...images].sort((a, b) => (a.name < b.name ? -1 : 1))
    },
    layerPaths: (image) => layerPaths(paths, image),
    importTar: async (name, file) => importTar(store, parseImageName(name), resolve(file)),
    importDirectory: async (name, source) =>
      importTree(store, parseImageName(name), resolve(source)),
    importBusybox: async (name) => importBusybox(store, parseImageName(name)),
    remove: async (name) => removeImage(store, parseImageName(name)),
  }
}

/**
 * Topmost first. overlayfs refuses to have a directory twice; of a layer that is there twice only the
 * upper one shows.
 */
function layerPaths(paths: StorePaths, image: Image): readonly string[] {
  const topFirst = [...new Set([...image.layers].reverse())]
  return topFirst.map((diffId) => join(layerDirectory(paths, diffId), 'fs'))
}

async function findImage({ paths }: Store, name: ImageName): Promise<Image | null> {
  const image = await readImage(imageFile(paths, name.canonical))
  if (image === null) return null
  const sizes = await Promise.all(image.layers.map((diffId) => layerSize(paths, diffId)))
  return sizes.includes(null) ? null : image
}

function importTar(store: Store, name: ImageName, file: string): Promise<Image> {
  return withTemporary(store.paths, (temporary) => {
    const options = { name: name.canonical, temporary, limits: store.limits }
    return withImageFile(file, options, (image) => addImage(store, name, image, temporary))
  })
}

function importTree(store: Store, name: ImageName, directory: string): Promise<Image> {
  return withTemporary(store.paths, (temporary) => {
    const open = (): Promise<AsyncIterable<Buffer>> => Promise.resolve(packDirectory(directory))
    const source = { config: DEFAULT_CONFIG, layers: [{ diffId: null, open }] }
    return addImage(store, name, source, temporary)
  })
}

function importBusybox(store: Store, name: ImageName): Promise<Image> {
  return withTemporary(store.paths, async (temporary) => {
    const root = join(temporary, 'root')
    await makeBusyboxRoot(root)
    const open = (): Promise<AsyncIterable<Buffer>> =>
      Promise.resolve(packDirectory(root, { anonymous: true }))
    const config = { ...DEFAULT_CONFIG, cmd: ['sh'] }
    return addImage(store, name, { config, layers: [{ diffId: null, open }] }, temporary)
  })
}

/** Layers that another process may remove between being found and being named are brought again. */
const COMMIT_ATTEMPTS_MAX = 5

async function addImage(
  store: Store,
  name: ImageName,
  source: ImageSource,
  temporary: string,
): Promise<Image> {
  for (let attempt = 0; attempt < COMMIT_ATTEMPTS_MAX; attempt += 1) {
    const staged: StagedLayer[] = []
    for (const [at, layer] of source.layers.entries()) {
      const same = staged.find(({ diffId }) => diffId === layer.diffId)
      if (same !== undefined) {
        staged.push({ ...same, directory: null })
        continue
      }
      const directory = join(temporary, `${String(attempt)}-${String(at)}`)
      staged.push(await stageLayer(store, layer, directory))
    }
    const image = await locked(store, () => commit(store, name, staged, source.config))
    if (image !== null) return image
  }
  throw invalidImage('the image was removed over and over while it was imported')
}

async function stageLayer(
  store: Store,
  layer: LayerSource,
  directory: string,
): Promise<StagedLayer> {
  if (layer.diffId !== null && (await layerSize(store.paths, layer.diffId)) !== null) {
    return { diffId: layer.diffId, directory: null }
  }
  await mkdir(directory, { mode: 0o700 })
  const tree = join(directory, 'fs')
  const unpacked = await unpackLayer(await layer.open(), tree, store.limits, store.owners)
  const { diffId, size, entries } = unpacked
  if (layer.diffId !== null && layer.diffId !== diffId) {
    throw new SandpiperError(
      'SP_LAYER_DIGEST',
      `a layer is ${diffId}, but its image says ${layer.diffId}`,
      { hint: 'The archive is damaged; make or download it again.' },
    )
  }
  const about = { diffId, size, entries, created: Date.now() }
  await writeFile(join(directory, 'layer.json'), JSON.stringify(about), { flush: true })
  return { diffId, directory }
}

/** @returns null when a layer that was there has been removed meanwhile */
async function commit(
  store: Store,
  name: ImageName,
  staged: readonly StagedLayer[],
  config: ImageConfig,
): Promise<Image | null> {
  let size = 0
  for (const { diffId, directory } of staged) {
    const known = await layerSize(store.paths, diffId)
    if (known === null && directory === null) return null
    if (known === null && directory !== null) {
      await replaceDirectory(directory, layerDirectory(store.paths, diffId))
    }
    size += (await layerSize(store.paths, diffId)) ?? 0
  }
  const layers = staged.map(({ diffId }) => diffId)
  const id = `sha256:${createHash('sha256').update(JSON.stringify({ layers, config })).digest('hex')}`
  const image = { name: name.familiar, id, layers, config, created: Date.now(), size }
  await writeWhole(imageFile(store.paths, name.canonical), `${JSON.stringify(image, null, 2)}\n`)
  return image
}

/** A directory without a readable layer.json is what a power loss left of a layer. */
async function replaceDirectory(from: string, to: string): Promise<void> {
  await rm(to, { recursive: true, force: true })
  await rename(from, to)
}

async function removeImage(store: Store, name: ImageName): Promise<boolean> {
  return withTemporary(store.paths, (temporary) =>
    locked(store, async () => {
      const removed = await unlink(imageFile(store.paths, name.canonical)).then(
        () => true,
        () => false,
      )
      if (removed) await removeUnused(store, temporary)
      return removed
    }),
  )
}

/** Moves unused layers out of the store; they are deleted when the lock is free again. */
async function removeUnused({ paths }: Store, temporary: string): Promise<void> {
  const used = new Set((await readImages(paths)).flatMap((image) => image.layers))
  for (const hex of await readdir(paths.layers)) {
    if (!used.has(`sha256:${hex}`)) await rename(join(paths.layers, hex), join(temporary, hex))
  }
}

function locked<T>(store: Store, work: () => Promise<T>): Promise<T> {
  return withFileLock(store.paths.lock, { timeoutMs: STORE_LOCK_TIMEOUT_MS }, work)
}
