import type { Removed } from '../../runner/layers/types.js'
import type { CommandContext } from '../command.js'
import { printJson, printLine } from '../io.js'
import { formatBytes } from '../terminal/duration.js'
import { openIfThere } from './store.js'

const NOTHING: Removed = { images: [], layers: [], bytes: 0 }

/** `sandpiper image prune`: see the command's help. */
export async function runImagePrune(context: CommandContext): Promise<undefined> {
  const { io, settings } = context
  const isAll = context.has('all')
  const options = {
    bytesMax: isAll ? 0 : (settings.layersMax ?? Infinity),
    ...{ unused: true, imported: isAll },
  }
  const store = await openIfThere(context)
  const removed = (await store?.prune(options)) ?? NOTHING
  if (context.json) {
    printJson(io, { images: removed.images, layers: removed.layers, bytes: removed.bytes })
    return
  }
  for (const name of removed.images) printLine(io, `removed ${name}`)
  const count = removed.layers.length
  printLine(io, `removed ${count} layer${count === 1 ? '' : 's'}, ${formatBytes(removed.bytes)}`)
}
