import type { BuildEvent } from '../../event.js'
import { pullRequestOf, tagOf } from '../refs.js'
import { calverVariables, semverVariables } from '../tag-versions.js'
import type { Variables } from '../value.js'

/** Drone's names for what happened, deployments, pull requests and tags. */
export function eventVariables(event: BuildEvent): Variables {
  const tag = tagOf(event.ref)
  return {
    DRONE_BUILD_EVENT: event.event,
    DRONE_BUILD_ACTION: event.action,
    DRONE_BUILD_TRIGGER: triggerOf(event),
    DRONE_DEPLOY_TO: event.deployTo,
    DRONE_DEPLOY_ID: String(event.deployId ?? 0),
    DRONE_PULL_REQUEST: pullRequestOf(event.ref),
    DRONE_PULL_REQUEST_TITLE: event.event.startsWith('pull_request') ? event.title : undefined,
    CI_BUILD_EVENT: event.event,
    CI_BUILD_TARGET: event.deployTo,
    ...(tag === undefined
      ? {}
      : { DRONE_TAG: tag, ...semverVariables(tag), ...calverVariables(tag) }),
  }
}

/** Who made the build happen: a person by login; Drone has these words for the rest. */
function triggerOf({ event, sender }: BuildEvent): string {
  if (event === 'cron') return '@cron'
  return BY_PEOPLE.includes(event) ? sender : '@hook'
}

const BY_PEOPLE: readonly BuildEvent['event'][] = ['custom', 'promote', 'rollback']
