import type { BuildEvent } from '../../event.js'
import type { Variables } from '../value.js'

/** Drone's names for commit and branches. */
export function commitVariables(event: BuildEvent): Variables {
  return {
    DRONE_BRANCH: event.branch,
    DRONE_SOURCE_BRANCH: event.sourceBranch,
    DRONE_TARGET_BRANCH: event.branch,
    DRONE_COMMIT: event.after,
    DRONE_COMMIT_SHA: event.after,
    DRONE_COMMIT_AFTER: event.after,
    DRONE_COMMIT_BEFORE: event.before,
    DRONE_COMMIT_REF: event.ref,
    DRONE_COMMIT_BRANCH: event.branch,
    DRONE_COMMIT_LINK: event.link,
    DRONE_COMMIT_MESSAGE: event.message,
    CI_COMMIT_SHA: event.after,
    CI_COMMIT_REF: event.ref,
    CI_COMMIT_BRANCH: event.branch,
    CI_COMMIT_MESSAGE: event.message,
  }
}

/** Drone's names for the author of the commit. */
export function authorVariables({ author }: BuildEvent): Variables {
  const { login, name, email, avatar } = author
  return {
    DRONE_COMMIT_AUTHOR: login,
    DRONE_COMMIT_AUTHOR_NAME: name,
    DRONE_COMMIT_AUTHOR_EMAIL: email,
    DRONE_COMMIT_AUTHOR_AVATAR: avatar,
    CI_COMMIT_AUTHOR: login,
    CI_COMMIT_AUTHOR_NAME: name,
    CI_COMMIT_AUTHOR_EMAIL: email,
    CI_COMMIT_AUTHOR_AVATAR: avatar,
  }
}
