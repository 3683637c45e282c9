import { readImages } from '../../runner/layers/named-images.js'
import { storePaths } from '../../runner/layers/store-files.js'
import type { Image } from '../../runner/layers/types.js'
import type { CommandContext } from '../command.js'
import { printJson, printLine } from '../io.js'
import { formatBytes } from '../terminal/duration.js'
import { formatTable } from '../terminal/table.js'
import { openIfThere, storeOf } from './store.js'

/** `sandpiper image ls`: see the command's help. */
export async function runImageList(context: CommandContext): Promise<undefined> {
  const isThere = (await openIfThere(context)) !== null
  const found = isThere ? await readImages(storePaths(storeOf(context))) : []
  const images = [...found].sort((a, b) => (a.name < b.name ? -1 : 1))
  if (context.json) {
    printJson(context.io, images.map(imageJson))
    return
  }
  const rows = images.map((image) => [
    image.name,
    image.id.slice(0, 19),
    String(image.layers.length),
    formatBytes(image.size),
    new Date(image.created).toISOString(),
    image.pinned === true ? 'pinned' : '',
  ])
  printLine(context.io, formatTable(['IMAGE', 'ID', 'LAYERS', 'SIZE', 'CREATED', ''], rows))
}

/** An image as `--json` shows it; `inspect` has the configuration as well. */
export function imageJson({ file: _, ...image }: Image): unknown {
  return image
}
