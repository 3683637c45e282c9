import { isFromFork } from '../../protocol/fork.js'
import type { BuildEvent } from '../../pipelines/event.js'
import type { BuildRow } from '../store/builds.js'
import { findBuild } from '../store/builds.js'
import type { Db } from '../store/database.js'

/** Builds of builds that are looked through; a longer line counts as one that began with a fork. */
const PARENTS_MAX = 200

/** Events that are the same in a restart, with the fork in them. */
const OWN_EVENTS: readonly string[] = ['push', 'tag', 'pull_request', 'release']

/**
 * Whether what is built may be a stranger's: the build's own event says so, or that of one which it restarts or
 * promotes, however often that was done. Where a parent is gone, only events of a forge say enough by themselves.
 */
export async function isForkBuild(db: Db, build: BuildRow): Promise<boolean> {
  let current = build
  for (let count = 0; count < PARENTS_MAX; count += 1) {
    if (isFromFork(JSON.parse(current.event_json) as BuildEvent)) return true
    if (current.parent === 0) return false
    const parent = await findBuild(db, build.repo_id, current.parent)
    if (parent === null) return !OWN_EVENTS.includes(current.event)
    if (parent.number >= current.number) return true
    current = parent
  }
  return true
}
