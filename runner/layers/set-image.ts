import { SandpiperError } from '../../protocol/errors.js'
import { invalidImage } from './errors.js'
import { CONFIGURATION_BYTES_MAX, IMAGE_LAYERS_MAX } from './limits.js'
import type { ImageName } from './image-name.js'
import { readImage, writeImage } from './named-images.js'
import { digestOf } from './oci.js'
import { locked, type StoreState } from './state.js'
import { imageFile } from './store-files.js'
import type { Image, NewImage } from './types.js'

/** `LayerStore.setImage` */
export function setImage(state: StoreState, name: ImageName, made: NewImage): Promise<Image> {
  const { layers, config, file } = made
  if (layers.length === 0 || layers.length > IMAGE_LAYERS_MAX) {
    throw invalidImage(
      `the image has ${layers.length} layers; 1 to ${IMAGE_LAYERS_MAX} are possible`,
    )
  }
  if (file !== undefined && Buffer.byteLength(file) > CONFIGURATION_BYTES_MAX) {
    throw invalidImage(
      `the image's configuration has more than ${CONFIGURATION_BYTES_MAX / 1024 ** 2} MiB`,
    )
  }
  return locked(state, async () => {
    let size = 0
    for (const diffId of new Set(layers)) {
      const layer = await state.durability.readLayer(diffId)
      if (layer === null) throw missingLayer(name, diffId)
      size += layer.size
    }
    const path = imageFile(state.paths, name.canonical)
    const isPinned = (await readImage(path))?.pinned === true
    const id = digestOf(file ?? JSON.stringify({ layers, config }))
    const image: Image = {
      ...{ name: name.familiar, id, layers, config, created: Date.now(), size },
      ...(made.origin === undefined ? {} : { origin: made.origin }),
      ...(file === undefined ? {} : { file }),
      ...(isPinned ? { pinned: true } : {}),
    }
    await writeImage(path, image)
    state.durability.schedule()
    return image
  })
}

/** `LayerStore.pin` */
export function pinImage(state: StoreState, name: ImageName, pinned: boolean): Promise<boolean> {
  return locked(state, async () => {
    const path = imageFile(state.paths, name.canonical)
    const image = await readImage(path)
    if (image === null) return false
    const { pinned: _, ...rest } = image
    await writeImage(path, pinned ? { ...rest, pinned } : rest)
    state.durability.schedule()
    return true
  })
}

function missingLayer(name: ImageName, diffId: string): SandpiperError {
  return new SandpiperError(
    'SP_LAYER_MISSING',
    `layer ${diffId} of ${name.familiar} has been removed from the store meanwhile`,
    { hint: 'Try again; `sandpiper image verify` tells what is wrong with the store.' },
  )
}
