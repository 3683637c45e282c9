import { stat } from 'node:fs/promises'
import { join } from 'node:path'
import { storePaths } from '../../runner/layers/store-files.js'
import { openLayerStore } from '../../runner/layers/store.js'
import type { LayerStore } from '../../runner/layers/types.js'
import type { CommandContext } from '../command.js'
import { dataDirOf } from '../data-dir.js'
import { CliError } from '../errors.js'
import { ExitCode } from '../exit-code.js'

/** Where the images of this host are. */
export function storeOf(context: Pick<CommandContext, 'io' | 'settings'>): string {
  return join(dataDirOf(context.io, context.settings), 'layers')
}

/**
 * The store, or null when there is none yet: opening it would make it.
 * @throws the system's error when it can't be told, such as EACCES
 */
export async function openIfThere(context: CommandContext): Promise<LayerStore | null> {
  const directory = storeOf(context)
  const isThere = await stat(storePaths(directory).images).then(
    () => true,
    (error: unknown) => {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') return false
      throw error
    },
  )
  return isThere ? openLayerStore(directory) : null
}

/** What is said of a name that no image has. */
export function unknownImage(name: string): CliError {
  return new CliError(ExitCode.usage, 'SP_IMAGE_UNKNOWN', `there is no image ${name}`, {
    hint: '`sandpiper image ls` shows the images',
  })
}
