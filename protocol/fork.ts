import type { BuildEvent } from '../pipelines/event.js'

/** Refs that forges keep the heads of other people's changes under. */
const CHANGE_REF = /^refs\/(?:pull|pull-requests|merge-requests|changes)\//

const PULL_REQUESTS: readonly string[] = [
  'pull_request',
  'pull_request_closed',
  'pull_request_metadata',
]

/** True for the events of pull requests. */
export function isPullRequest({ event }: Pick<BuildEvent, 'event'>): boolean {
  return PULL_REQUESTS.includes(event)
}

/**
 * Whether an event's commit comes from a fork, as far as that is known: what can't be told counts as one. A change's ref
 * in an event that is no pull request's (someone starts it by hand) says nothing of where it comes from.
 */
export function isFromFork(event: Pick<BuildEvent, 'event' | 'ref' | 'sourceRepo'>): boolean {
  const source: unknown = event.sourceRepo
  if (source !== '') return true
  return CHANGE_REF.test(event.ref) && !isPullRequest(event)
}
