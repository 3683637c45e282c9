import { lstat, readdir } from 'node:fs/promises'
import { basename, dirname, join, resolve } from 'node:path'
import { usageError } from '../errors.js'
import type { CliIo } from '../io.js'
import { type PipelineFiles, readSource, readStream } from './pipeline-file.js'
import { findRepoRoot } from './repo-files.js'

const STDIN = '-'
const WOODPECKER_DIRECTORY = '.woodpecker'
/** Where the server looks, in this order; the directory comes before the last two. */
const FIRST_FILES = ['.pipeline.yml', '.drone.yml']
const LAST_FILES = ['.woodpecker.yaml', '.woodpecker.yml']

/**
 * The pipeline files that a command line names: files, directories (their `*.yml` and `*.yaml`), and `-`
 * for stdin; without any what the server would take. Those in a `.woodpecker` directory are one build's
 * and are compiled together, others each alone.
 * @throws CliError (exit 2) when there is none or one can't be read
 */
export async function findPipelineFiles(
  io: CliIo,
  names: readonly string[],
): Promise<PipelineFiles[]> {
  const found = names.length > 0 ? await expand(io, names) : await serversChoice(io)
  return Promise.all(groups([...new Set(found)]).map((group) => readGroup(io, group)))
}

/**
 * The pipeline files of one build: a file, those of a directory, or what the server would take.
 * @throws CliError (exit 2) when there is none or one can't be read
 */
export async function findBuildFiles(io: CliIo, name: string | undefined): Promise<PipelineFiles> {
  const found = name === undefined ? await serversChoice(io) : await expand(io, [name])
  return readGroup(io, found)
}

async function readGroup(io: CliIo, names: readonly string[]): Promise<PipelineFiles> {
  const sources = []
  for (const name of names) {
    const isStdin = name === STDIN
    const text = await (isStdin ? readStream(io.stdin) : readSource(resolve(io.cwd, name)))
    sources.push({ file: isStdin ? 'stdin' : name, text })
  }
  const file = resolve(io.cwd, names[0] ?? STDIN)
  const folder = dirname(file)
  const isInWoodpeckers = basename(folder) === WOODPECKER_DIRECTORY
  return { sources, root: await findRepoRoot(isInWoodpeckers ? folder : file) }
}

async function expand(io: CliIo, names: readonly string[]): Promise<string[]> {
  const files = []
  for (const name of names) {
    const entries = name === STDIN ? null : await pipelinesIn(resolve(io.cwd, name))
    if (entries?.length === 0) {
      throw usageError(`no .yml or .yaml file in the directory ${name}`, HINT)
    }
    files.push(...(entries?.map((entry) => join(name, entry)) ?? [name]))
  }
  return files
}

async function serversChoice(io: CliIo): Promise<string[]> {
  const inDirectory = await pipelinesIn(resolve(io.cwd, WOODPECKER_DIRECTORY))
  const candidates = [
    ...FIRST_FILES.map((name) => [name]),
    inDirectory?.map((entry) => join(WOODPECKER_DIRECTORY, entry)) ?? [],
    ...LAST_FILES.map((name) => [name]),
  ]
  for (const [first, ...others] of candidates) {
    if (first !== undefined && (await isThere(resolve(io.cwd, first)))) return [first, ...others]
  }
  const looked = [...FIRST_FILES, `${WOODPECKER_DIRECTORY}/*.yml`, ...LAST_FILES].join(', ')
  throw usageError(`no pipeline file here: looked for ${looked}`, HINT)
}

const HINT = 'give the path of a pipeline file, for example ci/pipeline.yml'

/** Pipeline files in a directory, sorted; null when the path is no directory. */
async function pipelinesIn(path: string): Promise<string[] | null> {
  if (!((await lstat(path).catch(() => null))?.isDirectory() ?? false)) return null
  const entries = await readdir(path, { withFileTypes: true })
  return entries
    .filter((entry) => !entry.isDirectory() && /\.ya?ml$/.test(entry.name))
    .map(({ name }) => name)
    .sort()
}

function isThere(path: string): Promise<boolean> {
  return lstat(path).then(
    () => true,
    () => false,
  )
}

function groups(names: readonly string[]): string[][] {
  const found = new Map<string, string[]>()
  for (const name of names) {
    const folder = dirname(name)
    const key = basename(folder) === WOODPECKER_DIRECTORY ? `${folder}/` : name
    found.set(key, [...(found.get(key) ?? []), name])
  }
  return [...found.values()]
}
