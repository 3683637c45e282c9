import type { SourceFile } from '../../pipelines/diagnostic.js'
import { type BuildEvent, OPTIONAL_EVENTS } from '../../pipelines/event.js'
import type { Db } from '../store/database.js'
import { setOptionalEvents } from '../store/repos.js'
import type { RepoRow } from '../store/repos.js'

/** Which of the events that few pipelines are written for a repo's files name, by a blank. */
export function optionalEventsIn(sources: readonly SourceFile[]): string {
  const isNamed = (name: string) =>
    sources.some(({ text }) => new RegExp(`\\b${name}\\b`).test(text))
  return OPTIONAL_EVENTS.filter(isNamed).join(' ')
}

/**
 * Notes them, so that webhooks make builds of such events. What the default branch says counts; another branch of the
 * repo adds to it, and a fork says nothing.
 */
export async function noteOptionalEvents(
  db: Db,
  repo: RepoRow,
  { branch, sourceRepo, event }: BuildEvent,
  found: string,
): Promise<void> {
  if (sourceRepo !== '') return
  const isDefault = event === 'push' && branch === repo.default_branch
  const all = isDefault ? found : union(repo.optional_events, found)
  if (all !== repo.optional_events) await setOptionalEvents(db, repo.id, all)
}

function union(one: string, other: string): string {
  const names = [...one.split(' '), ...other.split(' ')].filter((name) => name !== '')
  return [...new Set(names)].sort().join(' ')
}
