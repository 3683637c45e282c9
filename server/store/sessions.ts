import type { Db } from './database.js'

/** Last applied sequence number of each session that has one. */
export async function lastSeqs(
  db: Db,
  sessions: readonly string[],
): Promise<ReadonlyMap<string, number>> {
  if (sessions.length === 0) return new Map()
  const rows = await db
    .selectFrom('runner_sessions')
    .select(['session', 'last_seq'])
    .where('session', 'in', sessions)
    .execute()
  return new Map(rows.map((row) => [row.session, row.last_seq]))
}

/** Sets how far the session's messages have been applied. */
export async function saveLastSeq(
  db: Db,
  session: string,
  lastSeq: number,
  now: number,
): Promise<void> {
  await db
    .insertInto('runner_sessions')
    .values({ session, machine: '', last_seq: lastSeq, updated: now })
    .onConflict((conflict) =>
      conflict.column('session').doUpdateSet({ last_seq: lastSeq, updated: now }),
    )
    .execute()
}

/** Notes the machine that a session runs on. */
export async function saveMachine(db: Db, session: string, machine: string): Promise<void> {
  await db
    .updateTable('runner_sessions')
    .set({ machine })
    .where('session', '=', session)
    .where('machine', '!=', machine)
    .execute()
}
