import type { BuildEvent } from '../../event.js'
import type { BuildFacts, PreviousBuild } from '../facts.js'
import { seconds, type Variables } from '../value.js'
import { commitPart } from './commit-variables.js'
import { woodpeckerEvent } from './events.js'

/** Woodpecker drops the list of changed files when it is longer. */
const FILES_MAX = 500

/** Woodpecker's names for the build. */
export function pipelineVariables(event: BuildEvent, build: BuildFacts): Variables {
  return {
    ...prefixed('CI_PIPELINE_', pipelinePart(event, build)),
    CI_PIPELINE_STATUS: (build.failedStages ?? []).length === 0 ? 'success' : 'failure',
    CI_PIPELINE_RERUNS: (build.reruns ?? 0) === 0 ? undefined : String(build.reruns),
    CI_PIPELINE_FILES: filesOf(event),
  }
}

/** Woodpecker's names for the build before this one. */
export function previousVariables(previous: PreviousBuild | undefined): Variables {
  if (previous === undefined) return {}
  const { event } = previous
  return {
    ...prefixed('CI_PREV_PIPELINE_', pipelinePart(event, previous)),
    CI_PREV_PIPELINE_STATUS: previous.status,
    CI_PREV_PIPELINE_FINISHED: seconds(previous.finished),
    ...prefixed('CI_PREV_COMMIT_', commitPart(event)),
    CI_PREV_COMMIT_URL: event.link,
  }
}

type Run = Pick<BuildFacts, 'number' | 'parent' | 'created' | 'started' | 'link'>

function pipelinePart(event: BuildEvent, build: Run): Variables {
  const hasReason = event.event.startsWith('pull_request_')
  return {
    NUMBER: String(build.number),
    PARENT: String(build.parent),
    EVENT: woodpeckerEvent(event.event),
    EVENT_REASON: hasReason ? event.action : undefined,
    URL: build.link,
    FORGE_URL: event.link,
    DEPLOY_TARGET: event.deployTo,
    DEPLOY_TASK: event.deployTask,
    CREATED: seconds(build.created),
    STARTED: seconds(build.started),
    AUTHOR: event.sender === '' ? event.author.login : event.sender,
    AVATAR: event.author.avatar,
  }
}

function filesOf({ changedFiles }: BuildEvent): string | undefined {
  const isTold = changedFiles !== undefined && changedFiles.length <= FILES_MAX
  return isTold ? JSON.stringify(changedFiles) : undefined
}

/** The same variables, their names with a prefix. */
export function prefixed(prefix: string, variables: Variables): Variables {
  return Object.fromEntries(
    Object.entries(variables).map(([name, value]) => [`${prefix}${name}`, value]),
  )
}
