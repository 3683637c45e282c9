import type { BuildEvent, RepoFacts } from '../event.js'
import type { Platform } from '../plan.js'

/** Conditions that compare one text with patterns. `status` is none: it is known only at run time. */
export const FACT_NAMES = [
  'event',
  'action',
  'actions',
  'branch',
  'cron',
  'instance',
  'platform',
  'ref',
  'repo',
  'target',
] as const

export type FactName = (typeof FACT_NAMES)[number]

/** What conditions are matched against. */
export type Facts = Readonly<Record<FactName, string>>

/** The facts of an event. Source of what each name means: Drone's documentation of conditions. */
export function conditionFacts(
  event: BuildEvent,
  repo: RepoFacts,
  platform: Platform,
  systemLink: string,
): Facts {
  return {
    event: event.event,
    action: event.action,
    actions: event.action,
    branch: event.branch,
    cron: event.cron,
    instance: hostOf(systemLink),
    platform: `${platform.os}/${platform.arch}`,
    ref: event.ref,
    repo: repo.slug,
    target: event.deployTo,
  }
}

/** Host name of a URL, without the port; empty when there is none. */
function hostOf(link: string): string {
  return URL.canParse(link) ? new URL(link).hostname : ''
}
