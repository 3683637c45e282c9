import type { GitMirror } from '../../git/types.js'
import type { SourceFile } from '../../pipelines/diagnostic.js'

/** The pipeline files of a commit, or why there are none in words for the build's page. */
export type FoundSources =
  { readonly sources: readonly SourceFile[] } | { readonly sources: null; readonly error: string }

/** Largest pipeline file. */
const FILE_BYTES_MAX = 1024 * 1024

const DRONE_FILE = '.drone.yml'
const WOODPECKER_DIRECTORY = '.woodpecker'
const WOODPECKER_FILES = ['.woodpecker.yaml', '.woodpecker.yml']
/** Files of the directory, and bytes of all of them. */
const WOODPECKER_FILES_MAX = 200
const WOODPECKER_BYTES_MAX = 4 * 1024 * 1024

/**
 * Looks for the pipeline files of a commit: the configured one, then Drone's, then Woodpecker's, which
 * itself looks into its directory first. The first that are there count alone.
 * @throws SandpiperError SP_GIT_...
 */
export async function findSources(
  mirror: GitMirror,
  commit: string,
  configured: string,
): Promise<FoundSources> {
  return (
    (await firstOf(mirror, commit, [...new Set([configured, DRONE_FILE])])) ??
    (await woodpeckerDirectory(mirror, commit)) ??
    (await firstOf(mirror, commit, WOODPECKER_FILES)) ?? {
      sources: null,
      error: await nothingFound(mirror, commit, configured),
    }
  )
}

async function firstOf(
  mirror: GitMirror,
  commit: string,
  files: readonly string[],
): Promise<FoundSources | null> {
  for (const file of files) {
    const text = await mirror.readFile(commit, file, FILE_BYTES_MAX)
    if (text !== null) return { sources: [{ file, text }] }
  }
  return null
}

async function woodpeckerDirectory(
  mirror: GitMirror,
  commit: string,
): Promise<FoundSources | null> {
  const names = (await mirror.listFiles(commit, WOODPECKER_DIRECTORY)) ?? []
  const paths = names
    .filter((name) => /\.ya?ml$/.test(name))
    .map((name) => `${WOODPECKER_DIRECTORY}/${name}`)
  if (paths.length === 0) return null
  if (paths.length > WOODPECKER_FILES_MAX) {
    const error = `${WOODPECKER_DIRECTORY}: more than ${WOODPECKER_FILES_MAX} pipeline files`
    return { sources: null, error }
  }
  const texts = await mirror.readFiles(commit, paths, WOODPECKER_BYTES_MAX)
  return { sources: paths.map((file) => ({ file, text: texts.get(file) ?? '' })) }
}

async function nothingFound(
  mirror: GitMirror,
  commit: string,
  configured: string,
): Promise<string> {
  const looked = [configured, DRONE_FILE, `${WOODPECKER_DIRECTORY}/*.yml`, ...WOODPECKER_FILES]
  const likely = [...new Set([configured, DRONE_FILE])].map(withOtherEnding)
  const found = await mirror.readFiles(commit, likely, likely.length * FILE_BYTES_MAX)
  const misnamed = likely.find((path) => typeof found.get(path) === 'string')
  const hint =
    misnamed === undefined
      ? `add ${configured} to the repo; sandpiper lint checks it before you push`
      : `rename ${misnamed} to ${withOtherEnding(misnamed)}`
  return `no pipeline file at commit ${commit}: looked for ${looked.join(', ')}\nhint: ${hint}`
}

/** `a.yaml` for `a.yml` and the other way round. */
function withOtherEnding(path: string): string {
  return path.endsWith('.yaml') ? path.replace(/\.yaml$/, '.yml') : path.replace(/\.yml$/, '.yaml')
}
