import { lstat, realpath } from 'node:fs/promises'
import { dirname, join, resolve, sep } from 'node:path'
import { messageOf } from '../../protocol/errors.js'
import { CliError } from '../errors.js'
import { ExitCode } from '../exit-code.js'
import { readRegularFile } from './regular-file.js'

/** Largest file that is included. */
const FILE_BYTES_MAX = 1024 * 1024

/** The nearest folder above a file that holds a `.git`; the file's own folder where there is none. */
export async function findRepoRoot(file: string): Promise<string> {
  const own = dirname(resolve(file))
  for (let folder = own; ; folder = dirname(folder)) {
    if (await exists(join(folder, '.git'))) return folder
    if (folder === dirname(folder)) return own
  }
}

/**
 * The text of a file of the working tree that a pipeline file includes; null when there is none.
 * @param path from the root of the repo
 * @throws CliError SP_CLI_FILE (exit 2) when it is too large, no regular file, or outside of the tree
 */
export async function readRepoFile(root: string, path: string): Promise<string | null> {
  try {
    const file = await realpath(join(root, path))
    if (!file.startsWith(withSeparator(await realpath(root)))) {
      throw new Error('it leads out of the repo')
    }
    const bytes = await readRegularFile(file, FILE_BYTES_MAX + 1)
    if (bytes.length > FILE_BYTES_MAX) throw new Error('it is larger than 1 MiB')
    return bytes.toString('utf8')
  } catch (error) {
    if (isMissing(error)) return null
    const message = `can't read the included file ${path}: ${messageOf(error)}`
    const hint = 'included are regular files of the repo, of 1 MiB at most'
    throw new CliError(ExitCode.usage, 'SP_CLI_FILE', message, { hint, cause: error })
  }
}

function withSeparator(folder: string): string {
  return folder.endsWith(sep) ? folder : `${folder}${sep}`
}

async function exists(path: string): Promise<boolean> {
  try {
    await lstat(path)
    return true
  } catch {
    return false
  }
}

function isMissing(error: unknown): boolean {
  const code = (error as NodeJS.ErrnoException).code ?? ''
  return ['ENOENT', 'ENOTDIR', 'ENAMETOOLONG'].includes(code)
}
