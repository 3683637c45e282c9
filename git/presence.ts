import { readFile } from 'node:fs/promises'
import type { MirrorContext } from './context.js'
import { inMirror } from './context.js'
import { GitFailure } from './failure.js'
import { replace } from './home.js'
import { commitRef } from './layout.js'
import { DEPTH_ALL } from './limits.js'
import type { GitHome } from './run.js'
import { runGit } from './run.js'

/** Longest history that is counted; deeper wishes are fetched instead. */
const COUNT_MAX = 10_000

/**
 * True when the mirror has the commit, whole, with at least `depth` commits of history. Reads files
 * only, but for the rare case of an older commit of a shallow mirror.
 */
export async function hasCommit(
  context: MirrorContext,
  home: GitHome,
  commit: string,
  depth: number,
): Promise<boolean> {
  const ref = await readFile(inMirror(context, commitRef(commit)), 'utf8').catch(() => '')
  if (ref.trim() !== commit) return false
  const shallow = await readShallow(context)
  if (shallow.size === 0 || depth === 1) return true
  const newest = await readNewest(context)
  if (newest?.commit === commit && newest.depth >= depth) return true
  return depth <= COUNT_MAX && (await reaches(context, home, commit, depth, shallow))
}

/** Commits whose parents the mirror does not have; empty when it has every history it has whole. */
export async function readShallow(context: MirrorContext): Promise<ReadonlySet<string>> {
  const text = await readFile(inMirror(context, 'shallow'), 'utf8').catch(() => '')
  return new Set(text.split('\n').filter((line) => line !== ''))
}

/** True when the mirror has fetched something before. */
export async function hasFetched(context: MirrorContext): Promise<boolean> {
  return (await readNewest(context)) !== null
}

/**
 * Notes the commit that was fetched last: its history alone is sure to be as deep as was asked. A
 * fetch with a depth moves the shallow boundary, which shortens the histories of older commits.
 */
export async function noteNewest(
  context: MirrorContext,
  commit: string,
  depth: number,
): Promise<void> {
  await replace(inMirror(context, 'sandpiper-newest'), `${commit} ${String(depth)}\n`)
}

async function readNewest(
  context: MirrorContext,
): Promise<{ commit: string; depth: number } | null> {
  const text = await readFile(inMirror(context, 'sandpiper-newest'), 'utf8').catch(() => '')
  const [commit, depth] = text.trim().split(' ')
  if (commit === undefined || depth === undefined) return null
  return { commit, depth: Math.min(Number(depth), DEPTH_ALL) }
}

async function reaches(
  context: MirrorContext,
  home: GitHome,
  commit: string,
  depth: number,
  shallow: ReadonlySet<string>,
): Promise<boolean> {
  const args = ['rev-list', '--first-parent', `--max-count=${String(depth)}`]
  try {
    const stdout = await runGit({
      home,
      directory: context.path,
      gitDirectory: context.path,
      args: [...args, '--end-of-options', commit],
      transports: '',
    })
    const commits = stdout.toString('latin1').trim().split('\n')
    return commits.length >= depth || !commits.some((one) => shallow.has(one))
  } catch (error) {
    if (error instanceof GitFailure) return false
    throw error
  }
}
