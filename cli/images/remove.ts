import { parseImageName } from '../../runner/layers/image-name.js'
import type { CommandContext } from '../command.js'
import { CliError } from '../errors.js'
import { ExitCode } from '../exit-code.js'
import { printJson, printLine } from '../io.js'
import { openIfThere, unknownImage } from './store.js'

/** `sandpiper image rm`: see the command's help. */
export async function runImageRemove(context: CommandContext): Promise<undefined> {
  const name = context.args[0] ?? ''
  parseImageName(name)
  const store = await openIfThere(context)
  if ((await store?.find(name))?.pinned === true) throw pinnedImage(name)
  const removed = (await store?.remove(name)) ?? false
  if (!removed) throw unknownImage(name)
  if (context.json) printJson(context.io, { removed: name })
  else printLine(context.io, `removed ${name}`)
}

function pinnedImage(name: string): CliError {
  return new CliError(ExitCode.usage, 'SP_IMAGE_PINNED', `image ${name} is pinned`, {
    hint: `let it go first: sandpiper image unpin ${name}`,
  })
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
