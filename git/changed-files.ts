import { SandpiperError } from '../protocol/errors.js'
import type { MirrorContext } from './context.js'
import { commonError, GitFailure } from './failure.js'
import { ensureCommit, fetchBranch } from './fetch.js'
import { CHANGED_BYTES_MAX, CHANGED_FILES_MAX, DEFAULT_DEPTH, MERGE_BASE_DEPTH } from './limits.js'
import { readShallow } from './presence.js'
import { runGit } from './run.js'
import type { ChangedFiles, ChangesSince } from './types.js'

/** What `GitMirror.changedFiles` says; `commit` is in the mirror. */
export async function changedFilesAt(
  context: MirrorContext,
  commit: string,
  since: ChangesSince,
): Promise<ChangedFiles> {
  try {
    const known = 'commit' in since ? await mergeBase(context, commit, since.commit) : null
    if (known !== null) return await diff(context, known, commit)
    const other = await commitToCompare(context, since)
    if (other === null) return unknown(`${nameOf(since)} is not in the repo any more`)
    const base = await deeperMergeBase(context, commit, other)
    if (base === null) return unknown(`${nameOf(since)} has no history in common with it`)
    return await diff(context, base, commit)
  } catch (error) {
    if (!(error instanceof GitFailure)) throw error
    throw commonError(error, `could not compare ${commit} of ${context.slug} with others`)
  }
}

function nameOf(since: ChangesSince): string {
  return 'commit' in since ? `commit ${since.commit}` : `branch ${since.branch}`
}

function unknown(reason: string): ChangedFiles {
  return { files: null, reason }
}

async function commitToCompare(
  context: MirrorContext,
  since: ChangesSince,
): Promise<string | null> {
  if ('branch' in since) return fetchBranch(context, since.branch, DEFAULT_DEPTH)
  return (await isFetched(context, since.commit, DEFAULT_DEPTH)) ? since.commit : null
}

/** No ref is tried: what was pushed away by force is below none, however deep one looks. */
async function isFetched(context: MirrorContext, commit: string, depth: number): Promise<boolean> {
  try {
    await ensureCommit(context, { commit, depth })
    return true
  } catch (error) {
    if (error instanceof SandpiperError && error.code === 'SP_GIT_NO_COMMIT') return false
    throw error
  }
}

/** Null when the mirror has none, or not one of the commits. */
async function mergeBase(
  context: MirrorContext,
  commit: string,
  other: string,
): Promise<string | null> {
  return ask(context, ['merge-base', commit, other])
}

/** Null when there is none within the history that is fetched for this. */
async function deeperMergeBase(
  context: MirrorContext,
  commit: string,
  other: string,
): Promise<string | null> {
  const found = await mergeBase(context, commit, other)
  if (found !== null || (await readShallow(context)).size === 0) return found
  for (const one of [commit, other]) {
    if (!(await isFetched(context, one, MERGE_BASE_DEPTH))) return null
  }
  return mergeBase(context, commit, other)
}

/** The line that git prints, or null when it exits with another code than 0. */
async function ask(context: MirrorContext, args: readonly string[]): Promise<string | null> {
  try {
    return (await run(context, args)).toString('latin1').trim()
  } catch (error) {
    if (error instanceof GitFailure && error.kind === 'other') return null
    throw error
  }
}

/** Without looking for renames, so that both names are among the paths. */
async function diff(context: MirrorContext, base: string, commit: string): Promise<ChangedFiles> {
  const args = ['diff-tree', '-r', '-z', '--name-only', '--no-renames', base, commit]
  let output: Buffer
  try {
    output = await run(context, args)
  } catch (error) {
    if (error instanceof GitFailure && error.kind === 'overflow') return tooMany()
    throw error
  }
  const files = output.toString('utf8').split('\0').slice(0, -1)
  return files.length > CHANGED_FILES_MAX ? tooMany() : { files }
}

function tooMany(): ChangedFiles {
  return unknown(
    `more than ${String(CHANGED_FILES_MAX)} files changed, or their paths take more than ` +
      `${String(CHANGED_BYTES_MAX)} bytes`,
  )
}

async function run(context: MirrorContext, args: readonly string[]): Promise<Buffer> {
  return runGit({
    home: await context.home(),
    directory: context.path,
    gitDirectory: context.path,
    args,
    transports: '',
    stdoutBytesMax: CHANGED_BYTES_MAX,
  })
}
