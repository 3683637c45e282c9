import { sql } from 'kysely'
import type { BuildRow } from './builds.js'
import type { Db } from './database.js'

/** The condition of the index `builds_open`, word by word: only so is it used. */
const OPEN = sql<boolean>`status in ('pending', 'blocked', 'running')`

/** Numbers of the builds of the repo, or of a branch of it, that have not ended, oldest first. */
export async function openNumbersOfRepo(
  db: Db,
  repoId: number,
  { branch }: { readonly branch?: string },
): Promise<number[]> {
  let query = db.selectFrom('builds').select('number').where('repo_id', '=', repoId).where(OPEN)
  if (branch !== undefined) query = query.where('branch', '=', branch)
  const rows = await query.orderBy('number').execute()
  return rows.map(({ number }) => number)
}

/**
 * Builds that webhooks made for the same event and ref before the given one, and that have not ended, or
 * not even started. Restarts are none of them, nor what people started.
 */
export async function olderOpenBuilds(
  db: Db,
  newer: Pick<BuildRow, 'repo_id' | 'number' | 'event' | 'ref'>,
  which: { readonly running: boolean },
): Promise<BuildRow[]> {
  const query = db
    .selectFrom('builds')
    .selectAll()
    .where('repo_id', '=', newer.repo_id)
    .where('event', '=', newer.event)
    .where('ref', '=', newer.ref)
    .where(OPEN)
    .where('number', '<', newer.number)
    .where('parent', '=', 0)
    .where('started_by', '=', '@hook')
  const unstarted = which.running ? query : query.where('status', '!=', 'running')
  return unstarted.orderBy('id').execute()
}

/** Builds that wait for approval and were made before the given time, oldest first. */
export async function blockedBefore(
  db: Db,
  time: number,
  limit: number,
): Promise<Pick<BuildRow, 'id' | 'repo_id'>[]> {
  return db
    .selectFrom('builds')
    .select(['id', 'repo_id'])
    .where('status', '=', 'blocked')
    .where('created', '<', time)
    .orderBy('id')
    .limit(limit)
    .execute()
}
