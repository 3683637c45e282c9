import { sql } from 'kysely'
import type { Db } from './database.js'
import type { StageRow, StageStatusRow } from './stages.js'
import { STATUS_COLUMNS } from './stages.js'

/** Names the stages that take turns with each other: a group of a repo, among builds that trust each other. */
export type TurnGroup = Pick<StageRow, 'repo_id' | 'concurrency_group' | 'concurrency_domain'>

/** Whom a stage of a build is newer than: see `supersede`. */
export type TurnOrder = TurnGroup & Pick<StageRow, 'build_id' | 'build_origin'>

/** How many of the group are queued or run, and the least limit of those and of the ones that are due. */
export async function turnsTaken(
  db: Db,
  group: TurnGroup,
): Promise<{ readonly active: number; readonly limit: number }> {
  const active = await stagesOf(db, group)
    .select((eb) => [eb.fn.countAll<number>().as('count'), leastLimit])
    .where('status', 'in', ['pending', 'running'])
    .executeTakeFirst()
  const due = await stagesOf(db, group)
    .select(leastLimit)
    .where('status', '=', 'blocked')
    .executeTakeFirst()
  const limits = [active?.limit, due?.limit].filter((limit) => typeof limit === 'number')
  return { active: active?.count ?? 0, limit: Math.min(...limits) }
}

/** The first ones of the group that are due, in the order of their builds, then of their places in it. */
export async function nextInTurn(
  db: Db,
  group: TurnGroup,
  count: number,
): Promise<Pick<StageRow, 'id' | 'build_id'>[]> {
  const query = stagesOf(db, group).select(['id', 'build_id']).where('status', '=', 'blocked')
  return query.orderBy('build_id').orderBy('number').limit(count).execute()
}

/**
 * Stages of the group that have not ended, nor are asked to, in builds that are older than the given
 * one, and neither are made of a newer commit. Those whose dependencies have not ended are among them.
 */
export async function olderInGroup(db: Db, newer: TurnOrder): Promise<StageStatusRow[]> {
  return stagesOf(db, newer)
    .select(STATUS_COLUMNS)
    .where('status', 'in', ['waiting_on_dependencies', 'blocked', 'pending', 'running'])
    .where('build_id', '<', newer.build_id)
    .where('build_origin', '<=', newer.build_origin)
    .where('cancel_requested', '=', 0)
    .orderBy('build_id')
    .orderBy('number')
    .execute()
}

/** Id of the newest build that has ended what the group has in the given, older one; null for none. */
export async function supersedingBuild(db: Db, older: TurnOrder): Promise<number | null> {
  const row = await stagesOf(db, older)
    .select('build_id')
    .where('supersedes', '=', sql.lit(1))
    .where('build_id', '>', older.build_id)
    .where('build_origin', '>=', older.build_origin)
    .orderBy('build_id', 'desc')
    .limit(1)
    .executeTakeFirst()
  return row?.build_id ?? null
}

const leastLimit = sql<number | null>`min(concurrency_limit)`.as('limit')

function stagesOf(db: Db, { repo_id, concurrency_group, concurrency_domain }: TurnGroup) {
  return (
    db
      .selectFrom('stages')
      .where('stages.repo_id', '=', repo_id)
      .where('concurrency_group', '=', concurrency_group)
      // For the partial indexes.
      .where('concurrency_group', '!=', sql.lit(''))
      .where('concurrency_domain', '=', concurrency_domain)
  )
}

/** Numbers of the builds whose stages of the group are queued or run, the oldest first. */
export async function groupHolders(db: Db, group: TurnGroup, count: number): Promise<number[]> {
  const rows = await stagesOf(db, group)
    .innerJoin('builds', 'builds.id', 'stages.build_id')
    .select('builds.number')
    .distinct()
    .where('stages.status', 'in', ['pending', 'running'])
    .orderBy('builds.number')
    .limit(count)
    .execute()
  return rows.map(({ number }) => number)
}

/** How many stages are taken before the given one by the runners that it waits for. */
export async function stagesAhead(db: Db, stage: StageStatusRow): Promise<number> {
  const row = await db
    .selectFrom('stages')
    .select((eb) => eb.fn.countAll<number>().as('count'))
    .where('status', '=', 'pending')
    .where('queue', '=', stage.queue)
    .where((eb) =>
      eb.or([
        eb('share', '<', stage.share),
        eb('share', '=', stage.share).and('lane', '<', stage.lane),
      ]),
    )
    .executeTakeFirst()
  return row?.count ?? 0
}
