import type { Cron } from '../../crons/types.js'
import { seconds } from './time.js'

/** A cron as Drone's API has it; `timezone`, `last_build` and `*_ms` are ours. */
export function renderCron(cron: Cron) {
  return {
    id: cron.id,
    repo_id: cron.repo_id,
    name: cron.name,
    expr: cron.expr,
    timezone: cron.timezone,
    event: 'push',
    branch: cron.branch,
    target: cron.target,
    disabled: cron.disabled === 1,
    next: seconds(cron.next),
    prev: seconds(cron.prev),
    created: seconds(cron.created),
    updated: seconds(cron.updated),
    next_ms: cron.next,
    prev_ms: cron.prev,
    last_build: cron.last_build,
    version: cron.version,
  }
}
