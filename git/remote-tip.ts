import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { accessTo, exclusively } from './context.js'
import type { MirrorContext } from './context.js'
import { fetchError, GitFailure } from './failure.js'
import { ensureMirror } from './layout.js'
import { runGit } from './run.js'

/**
 * Asks the remote which commit a full ref points to now, through an annotated tag too. Nothing is fetched: what
 * kind of ids the remote has is known only from its answer.
 * @throws SandpiperError as `GitMirror.fetchCommit` says, but for SP_GIT_NO_COMMIT
 * @returns the commit, or null when the remote has no such ref
 */
export async function remoteTip(context: MirrorContext, ref: string): Promise<string | null> {
  return exclusively(context, undefined, async (home) => {
    await ensureSomeMirror(context)
    try {
      const stdout = await runGit({
        home,
        directory: context.path,
        gitDirectory: context.path,
        ...accessTo(context.remote),
        args: ['ls-remote', '--quiet', 'origin', ref, `${ref}^{}`],
      })
      return commitIn(stdout.toString('latin1'), ref)
    } catch (error) {
      if (!(error instanceof GitFailure)) throw error
      throw fetchError(error, context.remote.url, context.slug)
    }
  })
}

/** It has the remote's address and credential; one that is there keeps the kind of its ids. */
async function ensureSomeMirror({ path, remote }: MirrorContext): Promise<void> {
  const config = await readFile(join(path, 'config'), 'utf8').catch(() => '')
  await ensureMirror(path, /objectformat\s*=\s*sha256/i.test(config) ? 'sha256' : 'sha1', remote)
}

/** Patterns of ls-remote also match refs that only end in them. */
function commitIn(listed: string, ref: string): string | null {
  const found = new Map<string, string>()
  for (const line of listed.split('\n')) {
    const [, commit, name] = /^([0-9a-f]{40}|[0-9a-f]{64})\t(.+)$/.exec(line) ?? []
    if (commit !== undefined && name !== undefined) found.set(name, commit)
  }
  return found.get(`${ref}^{}`) ?? found.get(ref) ?? null
}
