import { sql, type Selectable } from 'kysely'
import type { BuildEvent } from '../../pipelines/event.js'
import type { Status } from '../../protocol/status.js'
import { statusContext } from '../statuses/context.js'
import type { Db } from './database.js'
import type { StatusTable } from './schema/statuses.js'
import { inTransaction } from './transaction.js'

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
          // What waits for another try goes on waiting: a forge in trouble is not asked more often for it. What was
          // given up begins anew.
          due: sql<number>`case when statuses.failures > 0 and statuses.due is not null then statuses.due else excluded.due end`,
          failing_since: sql<number>`case when statuses.due is null then 0 else statuses.failing_since end`,
          failures: sql<number>`case when statuses.due is null then 0 else statuses.failures end`,
          updated: now,
        }))
        .whereRef('statuses.build_id', '<=', 'excluded.build_id'),
    )
    .execute()
}

/** Statuses of a commit in a repo, by context. */
export async function statusesOfCommit(
  db: Db,
  repoId: number,
  commit: string,
): Promise<(StatusRow & { readonly build_number: number })[]> {
  return db
    .selectFrom('statuses')
    .innerJoin('builds', 'builds.id', 'statuses.build_id')
    .selectAll('statuses')
    .select('builds.number as build_number')
    .where('statuses.repo_id', '=', repoId)
    .where('commit_sha', '=', commit)
    .orderBy('context')
    .limit(100)
    .execute()
}

/** A status that is one server's to send, until its time is over. */
export interface StatusClaim {
  readonly id: number
  readonly claim: string
  /** `wanted` as it is now: what is read of the build after that is at least as new. */
  readonly wanted: number
  readonly buildId: number
  readonly commit: string
  readonly context: string
  readonly failures: number
  readonly failingSince: number
  /** What the forge has; all empty when it has nothing. */
  readonly sent: { readonly state: string; readonly description: string; readonly link: string }
  readonly repo: {
    readonly owner: string
    readonly name: string
    readonly remoteId: string
    readonly userId: number
    readonly sealedToken: string | null
  }
}

const ENDED: readonly Status[] = ['success', 'failure', 'error', 'killed', 'skipped', 'declined']

/**
 * Claims statuses that are due at a forge, those that wait longest first. Of a build that has not ended there is one
 * in `gapMs` at most.
 */
export async function claimStatuses(
  db: Db,
  wish: {
    readonly forge: string
    readonly limit: number
    readonly now: number
    readonly until: number
    readonly gapMs: number
    /** Name of the claim, never used before. */
    readonly claim: string
  },
): Promise<StatusClaim[]> {
  const { forge, limit, now, until, gapMs, claim } = wish
  return inTransaction(db, async (tx) => {
    const rows = await dueStatuses(tx, { forge, limit, now, gapMs })
    const claims: StatusClaim[] = []
    for (const row of rows) {
      const update = tx.updateTable('statuses').set({ claim, claimed_until: until })
      const result = await update
        .where('id', '=', row.id)
        // As it was read: another server may have claimed it since, and have sent it already.
        .where('claim', '=', row.claim)
        .where('wanted', '=', row.wanted)
        .where('due', '=', row.due)
        .executeTakeFirst()
      if (result.numUpdatedRows > 0n) claims.push(claimOf(row, claim))
    }
    return claims
  })
}

type DueRow = Awaited<ReturnType<typeof dueStatuses>>[number]

function dueStatuses(
  db: Db,
  { forge, limit, now, gapMs }: { forge: string; limit: number; now: number; gapMs: number },
) {
  return db
    .selectFrom('statuses')
    .innerJoin('repos', 'repos.id', 'statuses.repo_id')
    .innerJoin('builds', 'builds.id', 'statuses.build_id')
    .selectAll('statuses')
    .select(['repos.owner', 'repos.name', 'repos.remote_id', 'repos.user_id', 'repos.forge_token'])
    .where('statuses.due', '<=', now)
    .where('statuses.claimed_until', '<=', now)
    .where('repos.forge', '=', forge)
    .where((eb) =>
      eb.or([eb('builds.status', 'in', ENDED), eb('statuses.sent_at', '<=', now - gapMs)]),
    )
    .orderBy('statuses.due')
    .orderBy('statuses.id')
    .limit(limit)
    .execute()
}

function claimOf(row: DueRow, claim: string): StatusClaim {
  const { id, wanted, context, failures, state, description, link, owner, name } = row
  return {
    ...{ id, claim, wanted, context, failures },
    buildId: row.build_id,
    commit: row.commit_sha,
    failingSince: row.failing_since,
    sent: { state, description, link },
    repo: {
      ...{ owner, name },
      remoteId: row.remote_id,
      userId: row.user_id,
      sealedToken: row.forge_token,
    },
  }
}

/**
 * Ends a claim whose status the forge has; what has changed since stays due.
 * @returns false when the claim was lost: it may have overtaken a newer one, so that one is due again
 */
export async function statusSent(
  db: Db,
  { id, claim, wanted }: StatusClaim,
  sent: { readonly state: string; readonly description: string; readonly link: string },
  now: number,
): Promise<boolean> {
  const { state, description, link } = sent
  const result = await db
    .updateTable('statuses')
    .set({
      ...{ state, description, link, sent: wanted, sent_at: now, updated: now },
      ...{ failures: 0, failing_since: 0, error: '', claim: '', claimed_until: 0 },
      due: sql<
        number | null
      >`case when wanted = ${wanted} then null else cast(${now} as bigint) end`,
    })
    .where('id', '=', id)
    .where('claim', '=', claim)
    .executeTakeFirst()
  if (result.numUpdatedRows > 0n) return true
  await resend(db, id, now)
  return false
}

/** Empties what is known of the forge's state, so that the same is sent once more. */
async function resend(db: Db, id: number, now: number): Promise<void> {
  await db
    .updateTable('statuses')
    .set((eb) => ({ wanted: eb('wanted', '+', 1), due: now, state: '', updated: now }))
    .where('id', '=', id)
    .execute()
}

/** Ends a claim whose status could not be sent. */
export async function statusFailed(
  db: Db,
  { id, claim, wanted }: StatusClaim,
  failure: {
    readonly error: string
    /** When it is tried again; null: never, unless the build has changed since. */
    readonly retryAt: number | null
    /** False for a try that was put off, which is no failure. */
    readonly counts: boolean
    readonly now: number
  },
): Promise<void> {
  const { error, retryAt, counts, now } = failure
  await db
    .updateTable('statuses')
    .set((eb) => ({
      ...{ error, claim: '', claimed_until: 0, updated: now },
      due:
        retryAt ??
        sql<number | null>`case when wanted = ${wanted} then null else cast(${now} as bigint) end`,
      failures: eb('failures', '+', counts ? 1 : 0),
      failing_since: sql<number>`case when failing_since = 0 then ${now} else failing_since end`,
    }))
    .where('id', '=', id)
    .where('claim', '=', claim)
    .execute()
}

/** Gives statuses up whose repo is at a forge that is not set up. */
export async function refuseStatuses(
  db: Db,
  { forges, now, error }: { forges: readonly string[]; now: number; error: string },
): Promise<void> {
  const rows = await db
    .selectFrom('statuses')
    .innerJoin('repos', 'repos.id', 'statuses.repo_id')
    .select('statuses.id')
    .where('statuses.due', '<=', now)
    .where('repos.forge', 'not in', [...forges, ''])
    .limit(REFUSED_MAX)
    .execute()
  if (rows.length === 0) return
  const ids = rows.map(({ id }) => id)
  const update = db.updateTable('statuses').set({ due: null, error, failures: 1, updated: now })
  await update.where('id', 'in', ids).execute()
}

/** Rows refused at a time. */
const REFUSED_MAX = 500
