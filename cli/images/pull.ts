import { openImages } from '../../runner/images/images.js'
import { defaultLayersBytesMax } from '../../runner/images/budget.js'
import { parseImageName } from '../../runner/layers/image-name.js'
import { openLayerStore } from '../../runner/layers/store.js'
import type { Image } from '../../runner/layers/types.js'
import { createRegistries } from '../../runner/registry/create-registries.js'
import type { CommandContext } from '../command.js'
import { printJson, printLine } from '../io.js'
import { requireRoot } from '../run/require-root.js'
import { formatBytes } from '../terminal/duration.js'
import { imageJson } from './list.js'
import { PullView } from './pull-view.js'
import { imagesConfig } from './registries.js'
import { storeOf } from './store.js'

/** `sandpiper image pull`: see the command's help. */
export async function runImagePull(context: CommandContext): Promise<undefined> {
  const { io } = context
  const name = context.args[0] ?? ''
  parseImageName(name)
  const config = await imagesConfig(context)
  await requireRoot(io, 'image pull')
  const startedAt = Date.now()
  const image = await pull(context, name, config)
  const seconds = ((Date.now() - startedAt) / 1000).toFixed(1)
  if (context.json) printJson(io, imageJson(image))
  else {
    printLine(io, `pulled ${image.name} ${image.id} (${formatBytes(image.size)}) in ${seconds} s`)
  }
}

async function pull(
  context: CommandContext,
  name: string,
  { registries = {}, layersBytesMax }: Awaited<ReturnType<typeof imagesConfig>>,
): Promise<Image> {
  const { io } = context
  const directory = storeOf(context)
  const store = await openLayerStore(directory)
  const images = openImages({
    store,
    registries: createRegistries(registries),
    layersBytesMax: layersBytesMax ?? (await defaultLayersBytesMax(directory)),
  })
  const isTerminal = 'isTTY' in io.stderr && io.stderr.isTTY === true
  const view = new PullView(name, {
    stream: io.stderr,
    columns: isTerminal ? (io.terminalSize()?.columns ?? null) : null,
    now: () => Date.now(),
  })
  const lease = await store.lease()
  try {
    // With --json stderr has the error as JSON, and nothing else.
    const told = context.json ? {} : { onProgress: view.progress, say: view.say }
    return await images.pull(name, { lease, signal: io.stop, ...told })
  } finally {
    view.clear()
    await lease.release()
    await images.close()
    await store.flush()
  }
}
