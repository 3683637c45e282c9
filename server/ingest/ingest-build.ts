import type { GitMirror, Mirrors } from '../../git/types.js'
import type { SourceFile } from '../../pipelines/diagnostic.js'
import { formatDiagnostic } from '../../pipelines/diagnostics/format.js'
import type { SystemFacts } from '../../pipelines/environment/build-environment.js'
import type { BuildEvent } from '../../pipelines/event.js'
import type { Plan } from '../../pipelines/plan.js'
import { columnsOf } from '../builds/create-build.js'
import { buildFactsOf } from '../scheduling/build-facts.js'
import type { CloneLoginOf } from '../forges/clone-login.js'
import { eventOf, repoFactsOf } from '../scheduling/stage-job.js'
import type { BuildRow } from '../store/builds.js'
import type { Db } from '../store/database.js'
import type { RepoRow } from '../store/repos.js'
import { withChangedFiles } from './changed-files.js'
import { compileFiles } from './compile-files.js'
import { findSources } from './find-sources.js'
import type { FoundSources } from './find-sources.js'
import { optionalEventsIn } from './optional-events.js'
import { resolveHead } from './resolve-head.js'
import { runnerKindsProblem } from './runner-kinds.js'
import type { SourceCache } from './source-cache.js'
import { type BuildWarning, changesUnknown, warningsOf } from './warnings.js'

/** What became of compiling a build: a plan, or why there is none, in words for the build's page. */
export type IngestResult = Ingested | IngestFailure

export interface IngestFailure {
  readonly plan: null
  readonly error: string
  /** With the commit that was found for it; absent when none was. */
  readonly event?: BuildEvent
}

export interface Ingested {
  readonly plan: Plan
  /** With what was found out about it. */
  readonly event: BuildEvent
  readonly warnings: readonly BuildWarning[]
  /** `optionalEventsIn` its files. */
  readonly optionalEvents: string
}

export interface IngestSource {
  readonly db: Db
  readonly mirrors: Mirrors
  /** What private repos are cloned with. */
  readonly cloneLogin: CloneLoginOf
  readonly sources: SourceCache
  /** Name of the pipeline file that is looked for first. */
  readonly file: string
  /** Of pipelines that name none. */
  readonly platform: { readonly os: string; readonly arch: string }
  /** Known only once the server listens. */
  readonly system: () => SystemFacts
}

/** Longest text of a build's error; a file can be wrong in a thousand places. */
const ERROR_LENGTH_MAX = 64 * 1024

/**
 * Reads the pipeline files at the build's commit and compiles them for the build's event.
 * @throws SandpiperError SP_GIT_...
 */
export async function ingestBuild(
  source: IngestSource,
  repo: RepoRow,
  build: BuildRow,
): Promise<IngestResult> {
  const mirror = await openMirror(source, repo)
  const resolved = await resolveHead(mirror, eventOf(build))
  if ('error' in resolved) return { plan: null, error: resolved.error }
  const { event } = resolved
  const { after } = event
  const found = await sourcesAt(source, mirror, { repo, commit: after, ref: event.ref })
  if (found.sources === null) return { plan: null, error: found.error, event }
  const known = { ...build, ...columnsOf(event) }
  const result = await compile(mirror, found.sources, source, { repo, build: known, event })
  return result.plan ? result : { ...result, event }
}

async function sourcesAt(
  { sources, file }: IngestSource,
  mirror: GitMirror,
  { repo, commit, ref }: { readonly repo: RepoRow; readonly commit: string; readonly ref: string },
): Promise<FoundSources> {
  const known = sources.get(repo.id, commit)
  if (known !== undefined) return known
  await mirror.fetchCommit(commit, ref)
  const found = await findSources(mirror, commit, file)
  if (found.sources !== null) sources.set(repo.id, commit, found)
  return found
}

async function openMirror(
  { mirrors, cloneLogin }: IngestSource,
  repo: RepoRow,
): Promise<GitMirror> {
  return mirrors.open({
    id: repo.id,
    slug: `${repo.owner}/${repo.name}`,
    cloneUrl: repo.clone_url,
    allowFileTransport: repo.allow_file_transport === 1,
    login: await cloneLogin(repo),
  })
}

async function compile(
  mirror: GitMirror,
  sources: readonly SourceFile[],
  { db, platform, system }: IngestSource,
  given: { readonly repo: RepoRow; readonly build: BuildRow; readonly event: BuildEvent },
): Promise<IngestResult> {
  const { repo, build } = given
  const { event: asked, problem } = await withChangedFiles(mirror, given.event, repo.default_branch)
  const compiled = await compileFiles(mirror, build.after, sources, {
    event: asked,
    platform,
    repo: repoFactsOf(repo),
    build: await buildFactsOf(db, { repo, build, stages: [] }, system()),
    system: system(),
  })
  if ('error' in compiled) return { plan: null, error: compiled.error }
  const { plan, diagnostics, event } = compiled
  if (plan) {
    const kinds = runnerKindsProblem(plan)
    if (kinds !== '') return { plan: null, error: kinds }
    const isMissed = problem !== '' && compiled.sources.some(({ text }) => /\bpaths?\b/.test(text))
    const unknown = isMissed ? [changesUnknown(problem)] : []
    const warnings = [...warningsOf(diagnostics), ...unknown]
    return { plan, event, warnings, optionalEvents: optionalEventsIn(compiled.sources) }
  }
  const texts = diagnostics.map((diagnostic) => formatDiagnostic(diagnostic, compiled.sources))
  return { plan: null, error: cutAtLine(texts.join('\n'), ERROR_LENGTH_MAX) }
}

function cutAtLine(text: string, lengthMax: number): string {
  if (text.length <= lengthMax) return text
  const end = text.lastIndexOf('\n', lengthMax)
  return `${text.slice(0, end === -1 ? lengthMax : end)}\n... and more`
}
