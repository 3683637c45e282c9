import { parseImageName } from '../../runner/layers/image-name.js'
import type { CommandContext } from '../command.js'
import { printJson, printLine } from '../io.js'
import { openIfThere, unknownImage } from './store.js'

/** `sandpiper image rm`: see the command's help. */
export async function runImageRemove(context: CommandContext): Promise<undefined> {
  const name = context.args[0] ?? ''
  parseImageName(name)
  const removed = (await (await openIfThere(context))?.remove(name)) ?? false
  if (!removed) throw unknownImage(name)
  if (context.json) printJson(context.io, { removed: name })
  else printLine(context.io, `removed ${name}`)
}

/** `sandpiper image pin` and `unpin`: see the commands' help. */
export async function runImagePin(context: CommandContext, pinned: boolean): Promise<undefined> {
  const name = context.args[0] ?? ''
  parseImageName(name)
  const isThere = (await (await openIfThere(context))?.pin(name, pinned)) ?? false
  if (!isThere) throw unknownImage(name)
  if (context.json) printJson(context.io, { name, pinned })
  else printLine(context.io, `${pinned ? 'pinned' : 'unpinned'} ${name}`)
}
