import { chainIds } from '../../runner/layers/oci.js'
import type { Image, LayerStore } from '../../runner/layers/types.js'
import type { CommandContext } from '../command.js'
import { printJson } from '../io.js'
import { imageJson } from './list.js'
import { openIfThere, unknownImage } from './store.js'

/** `sandpiper image inspect`: see the command's help. It prints JSON in any case, as its peers do. */
export async function runImageInspect(context: CommandContext): Promise<undefined> {
  const name = context.args[0] ?? ''
  const store = await openIfThere(context)
  const image = (await store?.find(name)) ?? null
  if (store === null || image === null) throw unknownImage(name)
  printJson(context.io, await inspected(store, image))
}

async function inspected(store: LayerStore, image: Image): Promise<unknown> {
  const chain = chainIds(image.layers)
  const layers = await Promise.all(
    image.layers.map(async (diffId, at) => {
      const layer = await store.layer(diffId)
      const [path] = store.layerPaths({ layers: [diffId] })
      return { ...layer, chainId: chain[at], parent: chain[at - 1] ?? null, path }
    }),
  )
  const file: unknown = image.file === undefined ? null : JSON.parse(image.file)
  return { ...(imageJson(image) as object), layers, file }
}
