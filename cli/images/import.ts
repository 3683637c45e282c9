import { stat } from 'node:fs/promises'
import { resolve } from 'node:path'
import { SandpiperError } from '../../protocol/errors.js'
import { parseImageName } from '../../runner/layers/image-name.js'
import { openLayerStore } from '../../runner/layers/store.js'
import type { Image, LayerStore } from '../../runner/layers/types.js'
import type { CommandContext } from '../command.js'
import { CliError, exitCodeOf, usageError } from '../errors.js'
import { printJson, printLine } from '../io.js'
import { formatBytes } from '../terminal/duration.js'
import { requireRoot } from '../run/require-root.js'
import { storeOf } from './store.js'

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
  parseImageName(name)
  const source: Source = {
    tar: tar === undefined ? undefined : resolve(io.cwd, tar),
    directory: directory === undefined ? undefined : resolve(io.cwd, directory),
  }
  await checkSource(source)
  await requireRoot(io, 'image import')
  const image = await importFrom(await openLayerStore(storeOf(context)), name, source)
  if (context.json) printJson(io, image)
  else printLine(io, `imported ${image.name} ${image.id} (${formatBytes(image.size)})`)
}

/** Absolute paths; neither means busybox. */
interface Source {
  readonly tar: string | undefined
  readonly directory: string | undefined
}

/** @throws CliError SP_CLI_USAGE when what was named is not there, or is of the other kind */
async function checkSource({ tar, directory }: Source): Promise<void> {
  const path = tar ?? directory
  if (path === undefined) return
  const found = await stat(path).catch((error: unknown) => {
    const { code = 'error' } = error as NodeJS.ErrnoException
    throw usageError(
      `can't read ${path}: ${code}`,
      'give the path of a tar with --tar, or of a directory with --dir',
    )
  })
  if (tar !== undefined && !found.isFile())
    throw usageError(`${path} is no regular file`, 'a directory is imported with --dir')
  if (directory !== undefined && !found.isDirectory())
    throw usageError(`${path} is no directory`, 'a tar is imported with --tar')
}

async function importFrom(store: LayerStore, name: string, source: Source): Promise<Image> {
  if (source.tar !== undefined) {
    const file = source.tar
    return store.importTar(name, file).catch((error: unknown) => {
      throw withFile(error, file)
    })
  }
  if (source.directory !== undefined) return store.importDirectory(name, source.directory)
  return store.importBusybox(name)
}

/** The error with the file it is about, which reading an archive does not know. */
function withFile(error: unknown, file: string): unknown {
  if (!(error instanceof SandpiperError) || error.message.includes(file)) return error
  const { code, hint, message } = error
  return new CliError(exitCodeOf(error), code, `${file}: ${message}`, { hint, cause: error })
}
