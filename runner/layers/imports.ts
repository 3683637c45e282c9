import { join } from 'node:path'
import { onlyLayer, type ImageSource } from './archive.js'
import { makeBusyboxRoot } from './busybox.js'
import { DEFAULT_CONFIG } from './image-config.js'
import type { ImageName } from './image-name.js'
import { addLayer } from './add-layer.js'
import { withLease } from './leases.js'
import { withImageFile } from './open-image.js'
import { packTree } from './pack.js'
import { setImage } from './set-image.js'
import type { StoreState } from './state.js'
import { withTemporary } from './store-files.js'
import type { Image } from './types.js'

/** Owner of trees that are made here. */
const ROOT = { uid: 0, gid: 0 }

/** `LayerStore.importTar` */
export function importTar(state: StoreState, name: ImageName, file: string): Promise<Image> {
  return withTemporary(state.paths, (temporary) => {
    const options = { name: name.canonical, temporary, limits: state.limits }
    return withImageFile(file, options, (image) => addImage(state, name, image))
  })
}

/** `LayerStore.importDirectory` */
export function importTree(state: StoreState, name: ImageName, directory: string): Promise<Image> {
  const layer = onlyLayer(() => packTree(directory, { withRoot: true }))
  return addImage(state, name, { config: DEFAULT_CONFIG, layers: [layer] })
}

/** `LayerStore.importBusybox` */
export function importBusybox(state: StoreState, name: ImageName): Promise<Image> {
  return withTemporary(state.paths, async (temporary) => {
    const root = join(temporary, 'root')
    await makeBusyboxRoot(root)
    const layer = onlyLayer(() => packTree(root, { withRoot: true, owner: ROOT, noTimes: true }))
    return addImage(state, name, { config: { ...DEFAULT_CONFIG, cmd: ['sh'] }, layers: [layer] })
  })
}

function addImage(state: StoreState, name: ImageName, source: ImageSource): Promise<Image> {
  return withLease(state, async (lease) => {
    const layers: string[] = []
    for (const layer of source.layers) layers.push((await addLayer(state, layer, lease)).diffId)
    const { config, file } = source
    return setImage(state, name, { layers, config, ...(file === undefined ? {} : { file }) })
  })
}
