import type { BuildEvent, RepoFacts } from '../event.js'
import type { ConditionName } from '../schema/conditions-shape.js'

/** What conditions are matched against. `status` is not among them: it is known only at run time. */
export type Facts = Readonly<Record<Exclude<ConditionName, 'status'>, string>>

/** The facts of an event. Source of what each name means: Drone's documentation of conditions. */
export function conditionFacts(event: BuildEvent, repo: RepoFacts): Facts {
  return {
    action: event.action,
    branch: event.branch,
    cron: event.cron,
    event: event.event,
    ref: event.ref,
    repo: repo.slug,
    target: event.deployTo,
  }
}
