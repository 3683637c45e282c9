import type { GitMirror, Mirrors } from '../../git/types.js'
import { compilePipeline } from '../../pipelines/compile/compile-pipeline.js'
import { formatDiagnostic } from '../../pipelines/diagnostics/format.js'
import type { Plan } from '../../pipelines/plan.js'
import { eventOf, repoFactsOf } from '../scheduling/stage-job.js'
import type { BuildRow } from '../store/builds.js'
import type { RepoRow } from '../store/repos.js'

/** What became of compiling a build: a plan, or why there is none, in words for the build's page. */
export type IngestResult = { readonly plan: Plan } | { readonly plan: null; readonly error: string }

export interface IngestSource {
  readonly mirrors: Mirrors
  /** Name of the pipeline file. */
  readonly file: string
  /** Of pipelines that name none. */
  readonly platform: { readonly os: string; readonly arch: string }
}

/** Largest pipeline file. */
const FILE_BYTES_MAX = 1024 * 1024
/** Longest text of a build's error; a file can be wrong in a thousand places. */
const ERROR_LENGTH_MAX = 64 * 1024

/**
 * Reads the pipeline file at the build's commit and compiles it for the build's event.
 * @throws SandpiperError SP_GIT_...
 */
export async function ingestBuild(
  source: IngestSource,
  repo: RepoRow,
  build: BuildRow,
): Promise<IngestResult> {
  const mirror = openMirror(source.mirrors, repo)
  await mirror.fetchCommit(build.after, build.ref)
  const text = await mirror.readFile(build.after, source.file, FILE_BYTES_MAX)
  if (text === null) {
    return { plan: null, error: `${source.file}: there is no such file at commit ${build.after}` }
  }
  return compile(text, source, repo, build)
}

function openMirror(mirrors: Mirrors, repo: RepoRow): GitMirror {
  return mirrors.open({
    id: repo.id,
    slug: `${repo.owner}/${repo.name}`,
    cloneUrl: repo.clone_url,
    allowFileTransport: repo.allow_file_transport === 1,
  })
}

function compile(
  text: string,
  { file, platform }: IngestSource,
  repo: RepoRow,
  build: BuildRow,
): IngestResult {
  const input = { event: eventOf(build), repo: repoFactsOf(repo), platform }
  const { plan, diagnostics, sources } = compilePipeline([{ file, text }], input)
  if (plan) return { plan }
  const texts = diagnostics.map((diagnostic) => formatDiagnostic(diagnostic, sources))
  return { plan: null, error: cutAtLine(texts.join('\n'), ERROR_LENGTH_MAX) }
}

function cutAtLine(text: string, lengthMax: number): string {
  if (text.length <= lengthMax) return text
  const end = text.lastIndexOf('\n', lengthMax)
  return `${text.slice(0, end === -1 ? lengthMax : end)}\n... and more`
}
