import { createHash } from 'node:crypto'
import { SandpiperError } from '../protocol/errors.js'
import { accessTo, exclusively } from './context.js'
import type { MirrorContext } from './context.js'
import { fetchError, GitFailure, mayTryRef } from './failure.js'
import type { FailureKind } from './failure.js'
import {
  commitRef,
  discardMirror,
  ensureMirror,
  objectFormatOf,
  removeStaleLocks,
} from './layout.js'
import { DEFAULT_DEPTH, DEPTH_ALL, MERGE_BASE_DEPTH } from './limits.js'
import { hasCommit, hasFetched, noteNewest, readShallow } from './presence.js'
import type { GitHome } from './run.js'
import { runGit } from './run.js'

/** A commit that a mirror is to have. */
export interface WantedCommit {
  readonly commit: string
  /** Where to look for it when the remote serves no bare ids; absent: nowhere. */
  readonly ref?: string | undefined
  readonly depth: number
  readonly signal?: AbortSignal | undefined
}

type Fetching = WantedCommit & { readonly context: MirrorContext; readonly home: GitHome }

/**
 * Makes sure the mirror has the commit. Nothing runs when it does; else one `git fetch` of the bare id.
 * @throws SandpiperError as `GitMirror.fetchCommit` says
 * @returns true when something was fetched
 */
export async function ensureCommit(context: MirrorContext, wanted: WantedCommit): Promise<boolean> {
  const { commit, depth, signal } = wanted
  if (await hasCommit(context, await context.home(), commit, depth)) return false
  return exclusively(context, signal, async (home) => {
    if (await hasCommit(context, home, commit, depth)) return false
    await fetchWithRepair({ ...wanted, context, home })
    return true
  })
}

/**
 * Fetches what a branch of the remote points to now.
 * @throws SandpiperError as `GitMirror.fetchCommit` says
 * @returns the commit, or null when the remote has no such branch
 */
export async function fetchBranch(
  context: MirrorContext,
  branch: string,
  depth: number,
): Promise<string | null> {
  return exclusively(context, undefined, async (home) => {
    const ref = `refs/heads/${branch}`
    const tip = tipRef(ref)
    try {
      await gitFetch({ context, home }, `+${ref}:${tip}`, depth)
      const commit = await commitOf(context, home, tip)
      await noteNewest(context, commit, depth)
      return commit
    } catch (error) {
      if (!(error instanceof GitFailure)) throw error
      if (error.kind === 'no-ref') return null
      throw fetchError(error, context.remote.url, context.slug)
    }
  })
}

/**
 * Whether a commit is in the history of what a ref of the remote points to now. Only the ref is fetched, deeper and
 * deeper: a server that is asked for a bare id also gives out what forks have.
 * @throws SandpiperError as `GitMirror.fetchCommit` says
 * @returns null when the remote has no such ref
 */
export async function isBelowRef(
  context: MirrorContext,
  commit: string,
  ref: string,
): Promise<boolean | null> {
  return exclusively(context, undefined, async (home) => {
    await ensureMirror(context.path, objectFormatOf(commit), context.remote)
    const tip = tipRef(ref)
    try {
      for (const depth of [DEFAULT_DEPTH, MERGE_BASE_DEPTH, DEPTH_ALL]) {
        await fetchTo({ context, home }, `+${ref}:${tip}`, depth)
        await noteNewest(context, await commitOf(context, home, tip), depth)
        if (await contains({ context, home, commit }, tip)) return true
        if ((await readShallow(context)).size === 0) return false
      }
      return false
    } catch (error) {
      if (!(error instanceof GitFailure)) throw error
      if (error.kind === 'no-ref') return null
      throw fetchError(error, context.remote.url, context.slug)
    }
  })
}

async function commitOf(context: MirrorContext, home: GitHome, ref: string): Promise<string> {
  const stdout = await runGit({
    home,
    directory: context.path,
    gitDirectory: context.path,
    args: ['rev-parse', '--verify', '--end-of-options', `${ref}^{commit}`],
    transports: '',
  })
  return stdout.toString('latin1').trim()
}

function tipRef(ref: string): string {
  return `refs/sandpiper/tips/${createHash('sha256').update(ref).digest('hex')}`
}

/** Throws the mirror away and fetches the commit into a new one. */
export async function rebuildWith(context: MirrorContext, wanted: WantedCommit): Promise<void> {
  await exclusively(context, wanted.signal, async (home) => {
    await discardMirror(context.path)
    await fetchWithRepair({ ...wanted, context, home })
  })
}

/** Fetches; mends the mirror and fetches again, once, when it seems to be the mirror's fault. */
async function fetchWithRepair(fetching: Fetching): Promise<void> {
  const { context, commit } = fetching
  for (let repaired = false; ; repaired = true) {
    await ensureMirror(context.path, objectFormatOf(commit), context.remote)
    try {
      await fetchOnce(fetching)
      await noteNewest(context, commit, fetching.depth)
      return
    } catch (error) {
      if (!(error instanceof GitFailure)) throw error
      if (repaired || !(await repair(context, error.kind))) {
        throw fetchError(error, context.remote.url, context.slug)
      }
    }
  }
}

/** @returns true when something was mended, so that another try makes sense */
async function repair(context: MirrorContext, kind: FailureKind): Promise<boolean> {
  if (kind === 'locked') await removeStaleLocks(context.path)
  else if (kind === 'other') await discardMirror(context.path)
  return kind === 'locked' || kind === 'other'
}

async function fetchOnce(fetching: Fetching): Promise<void> {
  const { commit, ref, depth } = fetching
  try {
    await gitFetch(fetching, `+${commit}:${commitRef(commit)}`, depth)
  } catch (error) {
    if (!(error instanceof GitFailure) || !mayTryRef(error.kind)) throw error
    if (ref === undefined) throw noCommit(fetching, error)
    await fetchThroughRef(fetching, ref, error)
  }
}

/** For remotes that serve only what a ref points to: old ones, and those that are plain files. */
async function fetchThroughRef(
  fetching: Fetching,
  ref: string,
  refused: GitFailure,
): Promise<void> {
  const tip = tipRef(ref)
  // A server that serves bare ids has just said that it has no such commit: no use in digging deeper.
  const deeper = refused.kind === 'no-object' ? [] : [DEPTH_ALL]
  for (const depth of [fetching.depth, ...deeper]) {
    await fetchRef(fetching, `+${ref}:${tip}`, depth, refused)
    if (await contains(fetching, tip)) return keep(fetching)
    if ((await readShallow(fetching.context)).size === 0) break
  }
  throw noCommit(fetching, refused)
}

async function fetchRef(
  fetching: Fetching,
  refspec: string,
  depth: number,
  refused: GitFailure,
): Promise<void> {
  try {
    await fetchTo(fetching, refspec, refused.kind === 'no-shallow' ? null : depth)
  } catch (error) {
    const isGone = error instanceof GitFailure && error.kind === 'no-ref'
    throw isGone ? noCommit(fetching, error) : error
  }
}

/** Fetches to a depth, and all of it from a remote that knows none. */
async function fetchTo(
  fetching: Pick<Fetching, 'context' | 'home' | 'signal'>,
  refspec: string,
  depth: number | null,
): Promise<void> {
  try {
    await gitFetch(fetching, refspec, depth)
  } catch (error) {
    if (!(error instanceof GitFailure && error.kind === 'no-shallow')) throw error
    await gitFetch(fetching, refspec, null)
  }
}

async function gitFetch(
  { context, home, signal }: Pick<Fetching, 'context' | 'home' | 'signal'>,
  refspec: string,
  depth: number | null,
): Promise<void> {
  await runGit({
    home,
    directory: context.path,
    gitDirectory: context.path,
    ...accessTo(context.remote),
    signal,
    args: [
      'fetch',
      '--progress',
      '--no-tags',
      '--no-write-fetch-head',
      '--no-recurse-submodules',
      '--update-shallow',
      ...(depth === null ? [] : await depthArguments(context, depth)),
      'origin',
      refspec,
    ],
  })
}

/** A mirror that has whole histories stays so: what is new to it is little, and nothing gets cut. */
async function depthArguments(context: MirrorContext, depth: number): Promise<readonly string[]> {
  const shallow = (await readShallow(context)).size > 0
  const whole = !shallow && (depth === DEPTH_ALL || (await hasFetched(context)))
  return whole ? [] : [`--depth=${String(depth)}`]
}

async function contains(
  { context, home, commit, signal }: Omit<Fetching, 'depth' | 'ref'>,
  tip: string,
): Promise<boolean> {
  try {
    const stdout = await runGit({
      home,
      directory: context.path,
      gitDirectory: context.path,
      args: ['for-each-ref', `--contains=${commit}`, '--', tip],
      transports: '',
      signal,
    })
    return stdout.length > 0
  } catch (error) {
    if (error instanceof GitFailure && error.kind === 'other') return false
    throw error
  }
}

async function keep(fetching: Fetching): Promise<void> {
  const { context, home, commit, signal } = fetching
  const args = ['update-ref', '--', commitRef(commit), commit]
  const directory = context.path
  await runGit({ home, directory, gitDirectory: directory, args, transports: '', signal })
}

function noCommit(fetching: Fetching, cause: GitFailure): SandpiperError {
  const { context, commit, ref } = fetching
  const where = ref === undefined ? '' : ` (ref ${ref})`
  return new SandpiperError(
    'SP_GIT_NO_COMMIT',
    `commit ${commit}${where} is not in ${context.slug} at ${context.remote.url}; ` +
      `git said: ${cause.said}`,
    { hint: 'It may have been removed by a forced push; push again.', cause },
  )
}
