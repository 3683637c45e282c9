import type { BuildEvent } from '../../event.js'
import { pullRequestOf, tagOf } from '../refs.js'
import { seconds, unlessEmpty, type Variables } from '../value.js'

/** Woodpecker's names for a commit, the part after `CI_COMMIT_` or `CI_PREV_COMMIT_`. */
export function commitPart(event: BuildEvent): Variables {
  const { author } = event
  const isPull = event.event.startsWith('pull_request')
  return {
    SHA: event.after,
    REF: event.ref,
    REFSPEC: isPull ? `${event.sourceBranch}:${event.branch}` : undefined,
    MESSAGE: event.message,
    BRANCH: event.branch,
    SOURCE_BRANCH: isPull ? event.sourceBranch : undefined,
    TARGET_BRANCH: isPull ? event.branch : undefined,
    TIMESTAMP: seconds(event.committed),
    AUTHOR: unlessEmpty(author.name) ?? author.login,
    AUTHOR_EMAIL: author.email,
    AUTHOR_AVATAR: author.avatar,
  }
}

/** Woodpecker's names for tags, pull requests and releases. */
export function commitExtras(event: BuildEvent): Variables {
  const pull = event.event.startsWith('pull_request')
    ? {
        CI_COMMIT_PULL_REQUEST: pullRequestOf(event.ref),
        CI_COMMIT_PULL_REQUEST_LABELS: event.labels?.join(','),
        CI_COMMIT_PULL_REQUEST_MILESTONE: event.milestone,
        CI_COMMIT_PULL_REQUEST_DRAFT: String(event.draft ?? false),
      }
    : {}
  const prerelease = String(event.prerelease ?? false)
  const release =
    event.event === 'release'
      ? {
          CI_PIPELINE_RELEASE_TITLE: event.title,
          CI_PIPELINE_RELEASE_PRE: prerelease,
          CI_COMMIT_PRERELEASE: prerelease,
        }
      : {}
  return { CI_COMMIT_TAG: tagOf(event.ref), ...pull, ...release }
}
