import type { GitMirror } from '../../git/types.js'
import type { BuildEvent } from '../../pipelines/event.js'
import { wholeCommit } from './whole-commit.js'

/** An event whose commit is known, or why it can't be, in words for the build's page. */
export type Resolved = { readonly event: BuildEvent } | { readonly error: string }

/**
 * Finds the commit of a build that was made without one, or with its first digits: by hand or by time it is the
 * head of its branch as it is now. What the event does not say of its commit, the commit itself does.
 * @throws SandpiperError SP_GIT_...
 */
export async function resolveHead(mirror: GitMirror, given: BuildEvent): Promise<Resolved> {
  const whole = await wholeCommit(mirror, given)
  if ('error' in whole) return whole
  const after = whole.commit
  const { unproven: _done, ...named } = given
  // A tag may have the name of a branch, and is no way to what is for that branch alone.
  const event = whole.tag === undefined ? named : { ...named, ...onTag(whole.tag) }
  if (!wantsFacts(event)) return { event: { ...event, after } }
  await mirror.fetchCommit(after, event.ref)
  const { name, email, committed, message } = await mirror.describe(after)
  return {
    event: { ...event, after, committed, message, author: { ...event.author, name, email } },
  }
}

function onTag(ref: string): Pick<BuildEvent, 'ref' | 'branch' | 'sourceBranch'> {
  return { ref, branch: '', sourceBranch: '' }
}

/** Forges tell what a commit is about; whoever names one by hand does not. */
function wantsFacts({ event, message }: BuildEvent): boolean {
  return message === '' && (event === 'custom' || event === 'cron')
}
