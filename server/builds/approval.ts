import type { BuildEvent } from '../../pipelines/event.js'
import { ROLES_KEPT_MS } from '../people/limits.js'
import type { Db } from '../store/database.js'
import type { RepoRow } from '../store/repos.js'
import { mayWrite } from '../store/trusted-senders.js'

/**
 * Why a person has to let a build run that a webhook asks for, in words; empty when nobody has to. People
 * who may push to the repo are not asked for what they themselves did.
 */
export async function approvalReason(
  db: Db,
  repo: RepoRow,
  event: BuildEvent,
  now: number,
): Promise<string> {
  const reason = reasonOf(repo, event)
  if (reason === '' || !isOwnWork(event)) return reason
  const sender = { login: event.sender, heardSince: now - ROLES_KEPT_MS }
  return (await mayWrite(db, repo, sender)) ? '' : reason
}

function reasonOf({ require_approval: rule }: RepoRow, event: BuildEvent): string {
  const isPull = event.event.startsWith('pull_request')
  switch (rule) {
    case 'none':
      return ''
    case 'forks':
      return event.sourceRepo === '' ? '' : `it comes from the fork ${event.sourceRepo}`
    case 'pull_requests':
      return isPull || event.sourceRepo !== '' ? 'it is of a pull request' : ''
    default:
      return 'every build of this repo needs it'
  }
}

/**
 * Whoever reopens or labels a stranger's pull request has not read what it builds: of pull requests only
 * those are one's own that one has opened.
 */
function isOwnWork({ event, sender, author }: BuildEvent): boolean {
  if (sender === '') return false
  return !event.startsWith('pull_request') || sender === author.login
}
