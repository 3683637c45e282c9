import type { BuildEvent } from '../../pipelines/event.js'
import type { BuildRow } from '../store/builds.js'
import { insertBuild } from '../store/builds.js'
import type { Db } from '../store/database.js'
import { nextBuildNumber } from '../store/repos.js'

/**
 * Adds a build with the repo's next number; null when the repo was removed meanwhile. Call it in a
 * transaction.
 */
export async function createBuild(
  db: Db,
  input: {
    readonly repoId: number
    readonly event: BuildEvent
    /** The build that it restarts, or null. */
    readonly parent: BuildRow | null
    readonly now: number
  },
): Promise<BuildRow | null> {
  const { repoId, event, parent, now } = input
  const number = await nextBuildNumber(db, repoId, now)
  if (number === null) return null
  return insertBuild(db, {
    repo_id: repoId,
    number,
    parent: parent?.number ?? 0,
    origin: parent?.origin ?? number,
    status: 'pending',
    error: '',
    event_json: JSON.stringify(event),
    event: event.event,
    ref: event.ref,
    branch: event.branch,
    after: event.after,
    plan_json: null,
    created: now,
    started: 0,
    finished: 0,
    updated: now,
  })
}
