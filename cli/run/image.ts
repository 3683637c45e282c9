import { stat } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { SandpiperError } from '../../protocol/errors.js'
import { parseImageName } from '../../runner/layers/image-name.js'
import { readImages } from '../../runner/layers/named-images.js'
import { storePaths } from '../../runner/layers/store-files.js'
import { openLayerStore } from '../../runner/layers/store.js'
import type { Image, LayerStore } from '../../runner/layers/types.js'
import type { CommandContext } from '../command.js'
import { dataDirOf } from '../data-dir.js'
import { CliError, exitCodeOf, usageError } from '../errors.js'
import { ExitCode } from '../exit-code.js'
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

/** `sandpiper image ...`: see the command's help. Opening the store would make what is not there. */
export async function runImageList(context: CommandContext): Promise<undefined> {
  const directory = storeOf(context)
  const found = (await hasStore(directory)) ? await readImages(storePaths(directory)) : []
  const images = [...found].sort((a, b) => (a.name < b.name ? -1 : 1))
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
  parseImageName(name)
  const directory = storeOf(context)
  const removed =
    (await hasStore(directory)) && (await (await openLayerStore(directory)).remove(name))
  if (!removed) {
    throw new CliError(ExitCode.usage, 'SP_IMAGE_UNKNOWN', `there is no image ${name}`, {
      hint: '`sandpiper image ls` shows the images',
    })
  }
  if (context.json) printJson(context.io, { removed: name })
  else printLine(context.io, `removed ${name}`)
}

function storeOf(context: CommandContext): string {
  return join(dataDirOf(context.io, context.settings), 'layers')
}

/** @throws the system's error when it can't be told, such as EACCES */
async function hasStore(directory: string): Promise<boolean> {
  return stat(storePaths(directory).images).then(
    () => true,
    (error: unknown) => {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') return false
      throw error
    },
  )
}
