import type { Selectable } from 'kysely'
import type { BuildEvent } from '../../pipelines/event.js'
import { statusContext } from '../statuses/context.js'
import type { Db } from './database.js'
import type { StatusTable } from './schema/statuses.js'

export type StatusRow = Selectable<StatusTable>

/** Commits that a forge can have; there are events without one. */
const COMMIT = /^(?!0+$)[0-9a-f]{40}(?:[0-9a-f]{24})?$/

/**
 * Notes that the build has changed, so that its repo's forge is told. Call it in the transaction that changes the
 * build. A build that an older one of the same commit and context was made after is silent: the forge has the newest.
 */
export async function noteStatus(db: Db, buildId: number, now: number): Promise<void> {
  const build = await db
    .selectFrom('builds')
    .innerJoin('repos', 'repos.id', 'builds.repo_id')
    .select(['builds.repo_id', 'builds.after', 'builds.event_json'])
    .where('builds.id', '=', buildId)
    .where('repos.forge', '!=', '')
    .executeTakeFirst()
  if (!build || !COMMIT.test(build.after)) return
  const context = statusContext(JSON.parse(build.event_json) as BuildEvent)
  await db
    .insertInto('statuses')
    .values({
      ...{ repo_id: build.repo_id, commit_sha: build.after, context, build_id: buildId },
      ...{ wanted: 1, sent: 0, due: now, claim: '', claimed_until: 0 },
      ...{ failures: 0, failing_since: 0, error: '', state: '', description: '', link: '' },
      ...{ sent_at: 0, created: now, updated: now },
    })
    .onConflict((conflict) =>
      conflict
        .columns(['repo_id', 'commit_sha', 'context'])
        .doUpdateSet((eb) => ({
          build_id: eb.ref('excluded.build_id'),
          wanted: eb('statuses.wanted', '+', 1),
          // What waits for another try goes on waiting: a forge in trouble is not asked more often for it.
          due: eb
            .case()
            .when(eb.and([eb('statuses.failures', '>', 0), eb('statuses.due', 'is not', null)]))
            .then(eb.ref('statuses.due'))
            .else(now)
            .end(),
          updated: now,
        }))
        .whereRef('statuses.build_id', '<=', 'excluded.build_id'),
    )
    .execute()
}
