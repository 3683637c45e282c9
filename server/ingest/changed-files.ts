import type { ChangesSince, GitMirror } from '../../git/types.js'
import type { BuildEvent } from '../../pipelines/event.js'
import { messageOf } from '../../protocol/errors.js'

/** The event with the files that changed, where that can be told. */
export interface EventWithChanges {
  readonly event: BuildEvent
  /** Why it can't be told though it should be; empty else. */
  readonly problem: string
}

/**
 * Finds out which files the event changed: a push against the commit before it, a new branch and a pull
 * request against where they parted from the branch they belong to. An event that has its files keeps
 * them, so that a build and its restart agree. A failure leaves them unknown; it fails no build.
 */
export async function withChangedFiles(
  mirror: GitMirror,
  event: BuildEvent,
  defaultBranch: string,
): Promise<EventWithChanges> {
  const since = event.changedFiles === undefined ? comparedWith(event, defaultBranch) : null
  if (since === null) return { event, problem: '' }
  try {
    const changed = await mirror.changedFiles(event.after, since)
    if (changed.files === null) return { event, problem: changed.reason }
    return { event: { ...event, changedFiles: changed.files }, problem: '' }
  } catch (error) {
    return { event, problem: messageOf(error) }
  }
}

/** What the event's commit is compared with; null where nothing makes sense. */
function comparedWith(event: BuildEvent, defaultBranch: string): ChangesSince | null {
  const hasBefore = /[1-9a-f]/.test(event.before)
  if (PULL_REQUESTS.includes(event.event)) {
    if (hasBefore) return { commit: event.before }
    return event.branch === '' ? null : { branch: event.branch }
  }
  if (event.event !== 'push') return null
  if (hasBefore) return { commit: event.before }
  const isNew = event.branch !== '' && defaultBranch !== '' && event.branch !== defaultBranch
  return isNew ? { branch: defaultBranch } : null
}

const PULL_REQUESTS: readonly string[] = [
  'pull_request',
  'pull_request_closed',
  'pull_request_metadata',
]
