import { SandpiperError } from '../protocol/errors.js'
import type { MirrorContext } from './context.js'
import { GitFailure } from './failure.js'
import { OBJECT_OVERHEAD_BYTES_MAX } from './limits.js'
import { runGit } from './run.js'
import { readTree } from './tree-object.js'

/** An answer of `git cat-file --batch`. */
interface BatchObject {
  /** `blob`, `tree`, `commit`, or `missing`. */
  readonly type: string
  readonly content: Buffer
}

/**
 * Reads a file at a commit with one git process: `cat-file --batch` gives the commit, the directory
 * that holds the file, for its mode, and the file. Output over the bound ends the process.
 * @throws GitFailure when the mirror can not be read; SandpiperError SP_GIT_NO_COMMIT,
 * SP_GIT_NOT_A_FILE, SP_GIT_FILE_TOO_LARGE
 */
export async function readFileAt(
  context: MirrorContext,
  commit: string,
  path: string,
  bytesMax: number,
): Promise<string | null> {
  const slash = path.lastIndexOf('/')
  const directory = slash < 0 ? '' : path.slice(0, slash)
  const asked = [`${commit}^{commit}`, `${commit}:${directory}`, `${commit}:${path}`]
  const where = `${path} at ${commit} in ${context.slug}`
  const output = await batch(context, asked, bytesMax, where)
  const [root, tree, file] = parseBatch(output, asked.length)
  if (root?.type !== 'commit') throw noCommit(context, commit)
  if (tree?.type !== 'tree') return directory === '' ? lost(where) : null
  const mode = modeOf(path.slice(slash + 1), tree.content, commit.length / 2)
  if (mode === undefined) return null
  if (!mode.startsWith('100')) throw notAFile(where, mode)
  if (file?.type !== 'blob') return lost(where)
  if (file.content.length > bytesMax) throw tooLarge(where, bytesMax)
  return file.content.toString('utf8')
}

/**
 * Reads several files at a commit with one git process; null for a path that is no regular file there.
 * @param bytesMax for all of them together
 * @throws GitFailure when the mirror can not be read; SandpiperError SP_GIT_NO_COMMIT,
 * SP_GIT_FILE_TOO_LARGE
 */
export async function readFilesAt(
  context: MirrorContext,
  commit: string,
  paths: readonly string[],
  bytesMax: number,
): Promise<Map<string, string | null>> {
  const directories = [...new Set(paths.map(directoryOf))]
  const asked = [
    `${commit}^{commit}`,
    ...directories.map((directory) => `${commit}:${directory}`),
    ...paths.map((path) => `${commit}:${path}`),
  ]
  const what = paths.length === 1 ? String(paths[0]) : `all of ${String(paths.length)} files`
  const where = `${what} at ${commit} in ${context.slug}`
  const output = await batch(context, asked, bytesMax, where)
  const [root, ...objects] = parseBatch(output, asked.length)
  if (root?.type !== 'commit') throw noCommit(context, commit)
  const modes = new Map(
    directories.map((directory, index) => [directory, modesOf(objects[index], commit.length / 2)]),
  )
  const files = objects.slice(directories.length)
  const sizes = files.map((file) => (file.type === 'blob' ? file.content.length : 0))
  if (sizes.reduce((sum, size) => sum + size, 0) > bytesMax) throw tooLarge(where, bytesMax)
  return new Map(
    paths.map((path, index) => {
      const mode = modes.get(directoryOf(path))?.get(path.slice(path.lastIndexOf('/') + 1))
      return [path, textOf(files[index], mode, `${path} at ${commit} in ${context.slug}`)]
    }),
  )
}

/**
 * Names of the regular files in a directory at a commit, sorted by their bytes; null when there is no
 * such directory. Links, submodules and nested directories are left out.
 * @throws GitFailure when the mirror can not be read; SandpiperError SP_GIT_NO_COMMIT,
 * SP_GIT_FILE_TOO_LARGE
 */
export async function listFilesAt(
  context: MirrorContext,
  commit: string,
  directory: string,
): Promise<readonly string[] | null> {
  const asked = [`${commit}^{commit}`, `${commit}:${directory}`]
  const where = `${directory} at ${commit} in ${context.slug}`
  const [root, tree] = parseBatch(await batch(context, asked, 0, where), asked.length)
  if (root?.type !== 'commit') throw noCommit(context, commit)
  if (tree?.type !== 'tree') return null
  const modes = modesOf(tree, commit.length / 2)
  return [...modes].flatMap(([name, mode]) => (isFile(mode) ? [name] : []))
}

function directoryOf(path: string): string {
  return path.slice(0, Math.max(0, path.lastIndexOf('/')))
}

function modesOf(tree: BatchObject | undefined, idBytes: number): Map<string, string> {
  if (tree?.type !== 'tree') return new Map()
  return new Map([...readTree(tree.content, idBytes)].map(({ mode, name }) => [name, mode]))
}

function isFile(mode: string | undefined): boolean {
  return mode?.startsWith('100') === true
}

function textOf(
  file: BatchObject | undefined,
  mode: string | undefined,
  where: string,
): string | null {
  if (!isFile(mode)) return null
  return file?.type === 'blob' ? file.content.toString('utf8') : lost(where)
}

function modeOf(name: string, tree: Buffer, idBytes: number): string | undefined {
  for (const entry of readTree(tree, idBytes)) {
    if (entry.name === name) return entry.mode
  }
  return undefined
}

async function batch(
  context: MirrorContext,
  asked: readonly string[],
  bytesMax: number,
  where: string,
): Promise<Buffer> {
  try {
    return await runGit({
      home: await context.home(),
      directory: context.path,
      gitDirectory: context.path,
      args: ['cat-file', '--batch'],
      input: `${asked.join('\n')}\n`,
      transports: '',
      stdoutBytesMax: bytesMax + OBJECT_OVERHEAD_BYTES_MAX,
    })
  } catch (error) {
    if (error instanceof GitFailure && error.kind === 'overflow') throw tooLarge(where, bytesMax)
    throw error
  }
}

/** Answers are `ID TYPE SIZE`, a newline, the content, a newline; or `NAME missing` (git-cat-file(1)). */
function parseBatch(output: Buffer, count: number): readonly BatchObject[] {
  const objects: BatchObject[] = []
  let at = 0
  while (objects.length < count) {
    const end = output.indexOf(0x0a, at)
    if (end < 0) throw new GitFailure('other', 'cat-file ended too early')
    const header = output.toString('utf8', at, end)
    const [, type, size] = /^[0-9a-f]+ ([a-z]+) (\d+)$/.exec(header) ?? []
    at = end + 1
    if (type === undefined) {
      objects.push({ type: 'missing', content: Buffer.alloc(0) })
      continue
    }
    const content = output.subarray(at, at + Number(size))
    if (content.length < Number(size)) throw new GitFailure('other', 'cat-file ended too early')
    objects.push({ type, content })
    at += Number(size) + 1
  }
  return objects
}

/** An object that its tree names must be there: the mirror is broken. */
function lost(where: string): never {
  throw new GitFailure('other', `an object is missing on the way to ${where}`)
}

/** The error for a commit that was to be read without having been fetched. */
export function noCommit(context: MirrorContext, commit: string): SandpiperError {
  return new SandpiperError(
    'SP_GIT_NO_COMMIT',
    `commit ${commit} is not in the mirror of ${context.slug}`,
    { hint: 'It has to be fetched first.' },
  )
}

function notAFile(where: string, mode: string): SandpiperError {
  const kinds: Record<string, string> = {
    '120000': 'a symbolic link',
    '40000': 'a directory',
    '160000': 'a submodule',
  }
  return new SandpiperError('SP_GIT_NOT_A_FILE', `${where} is ${kinds[mode] ?? 'no file'}`, {
    hint: 'Make it a regular file; links are not followed.',
  })
}

function tooLarge(where: string, bytesMax: number): SandpiperError {
  return new SandpiperError(
    'SP_GIT_FILE_TOO_LARGE',
    `${where} is larger than ${String(bytesMax)} bytes`,
    { hint: 'Make it smaller.' },
  )
}
