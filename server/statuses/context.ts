import type { BuildEvent, BuildEventName } from '../../pipelines/event.js'

/** Short forms of Drone's; all others are called by their own names. */
const SHORT: Partial<Record<BuildEventName, string>> = { pull_request: 'pr' }

/** Longest context behind the prefix; what a person names an environment or cron job is cut. */
const LENGTH_MAX = 100

/**
 * What the status of a build is about, behind the operator's prefix: `push`, `pr`, `tag`, `cron/nightly`,
 * `promote/production`. Builds of a commit with the same context replace each other's status at the forge.
 */
export function statusContext({ event, cron, deployTo }: BuildEvent): string {
  const name = SHORT[event] ?? event
  const what = event === 'cron' ? cron : deployTo
  if (!['cron', 'promote', 'rollback'].includes(event) || what === '') return name
  return `${name}/${what.replace(/[\p{C}\s]+/gu, ' ').trim()}`.slice(0, LENGTH_MAX)
}
