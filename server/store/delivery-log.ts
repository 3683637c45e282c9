import type { Insertable, Selectable } from 'kysely'
import type { Db } from './database.js'
import type { DeliveryLogTable } from './schema/deliveries.js'

export type DeliveryLogRow = Selectable<DeliveryLogTable>
/** An entry as lists have it. */
export type DeliveryLogHead = Omit<DeliveryLogRow, 'headers_json' | 'body'>

const HEAD = [
  'id',
  'repo_id',
  'forge',
  'delivery_id',
  'event',
  'received',
  'took_ms',
  'outcome',
  'status',
  'reason',
  'builds_json',
  'original',
  'requested_by',
  'body_bytes',
] as const

/** Adds an entry and returns its id. */
export async function insertLogEntry(db: Db, entry: Insertable<DeliveryLogTable>): Promise<number> {
  const row = await db
    .insertInto('delivery_log')
    .values(entry)
    .returning('id')
    .executeTakeFirstOrThrow()
  return row.id
}

/** Entries of a repo, newest first: those before the given one. */
export async function listLogEntries(
  db: Db,
  repoId: number,
  page: { readonly limit: number; readonly before?: number | undefined },
): Promise<DeliveryLogHead[]> {
  let query = db.selectFrom('delivery_log').select(HEAD).where('repo_id', '=', repoId)
  if (page.before !== undefined) query = query.where('id', '<', page.before)
  return query.orderBy('id', 'desc').limit(page.limit).execute()
}

/** The repo's entry of that id with headers and body, or null. */
export async function findLogEntry(
  db: Db,
  repoId: number,
  id: number,
): Promise<DeliveryLogRow | null> {
  const query = db.selectFrom('delivery_log').selectAll().where('repo_id', '=', repoId)
  return (await query.where('id', '=', id).executeTakeFirst()) ?? null
}

/** Removes a repo's entries beyond the newest `keep` of those outcomes, and all that are too old. */
export async function trimLog(
  db: Db,
  repoId: number,
  what: {
    readonly outcomes: readonly string[]
    readonly keep: number
    readonly olderThan: number
  },
): Promise<void> {
  const ofRepo = db
    .selectFrom('delivery_log')
    .select('id')
    .where('repo_id', '=', repoId)
    .where('outcome', 'in', [...what.outcomes])
  const oldest = await ofRepo.orderBy('id', 'desc').offset(what.keep).limit(1).executeTakeFirst()
  await db
    .deleteFrom('delivery_log')
    .where('repo_id', '=', repoId)
    .where('outcome', 'in', [...what.outcomes])
    .where((eb) => eb.or([eb('received', '<', what.olderThan), eb('id', '<=', oldest?.id ?? 0)]))
    .execute()
}
