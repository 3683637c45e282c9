import { join, resolve } from 'node:path'
import { openLayerStore } from '../../runner/layers/store.js'
import type { Image, LayerStore } from '../../runner/layers/types.js'
import type { CommandContext } from '../command.js'
import { dataDirOf } from '../data-dir.js'
import { usageError } from '../errors.js'
import { printJson, printLine } from '../io.js'
import { formatBytes } from '../terminal/duration.js'
import { formatTable } from '../terminal/table.js'
import { requireRoot } from './require-root.js'

/** `sandpiper image ...`: see the command's help. */
export async function runImageImport(context: CommandContext): Promise<undefined> {
  const { io } = context
  const name = context.args[0] ?? ''
  const tar = context.option('tar')
  const directory = context.option('dir')
  const busybox = context.has('busybox')
  const sources = [tar !== undefined, directory !== undefined, busybox].filter(Boolean).length
  if (sources !== 1) {
    throw usageError('give exactly one of --tar, --dir and --busybox', 'for example --busybox')
  }
  requireRoot(io, 'image import')
  const store = await open(context)
  const image = await importFrom(store, name, {
    tar: tar === undefined ? undefined : resolve(io.cwd, tar),
    directory: directory === undefined ? undefined : resolve(io.cwd, directory),
  })
  if (context.json) printJson(io, image)
  else printLine(io, `imported ${image.name} ${image.id} (${formatBytes(image.size)})`)
}

function importFrom(
  store: LayerStore,
  name: string,
  source: { readonly tar: string | undefined; readonly directory: string | undefined },
): Promise<Image> {
  if (source.tar !== undefined) return store.importTar(name, source.tar)
  if (source.directory !== undefined) return store.importDirectory(name, source.directory)
  return store.importBusybox(name)
}

/** `sandpiper image ...`: see the command's help. */
export async function runImageList(context: CommandContext): Promise<undefined> {
  const images = await (await open(context)).list()
  if (context.json) {
    printJson(context.io, images)
    return
  }
  const rows = images.map((image) => [
    image.name,
    image.id.slice(0, 19),
    String(image.layers.length),
    formatBytes(image.size),
    new Date(image.created).toISOString(),
  ])
  printLine(context.io, formatTable(['IMAGE', 'ID', 'LAYERS', 'SIZE', 'CREATED'], rows))
}

/** `sandpiper image ...`: see the command's help. */
export async function runImageRemove(context: CommandContext): Promise<undefined> {
  const name = context.args[0] ?? ''
  if (!(await (await open(context)).remove(name))) {
    throw usageError(`there is no image ${name}`, '`sandpiper image ls` shows the images')
  }
  if (context.json) printJson(context.io, { removed: name })
  else printLine(context.io, `removed ${name}`)
}

function open(context: CommandContext): Promise<LayerStore> {
  return openLayerStore(join(dataDirOf(context.io, context.settings), 'layers'))
}
