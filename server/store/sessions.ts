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

/**
 * Sets how far the session's messages have been applied, for a transaction that applies those from `before` on; false
 * when another one has applied some of them meanwhile, so that this one must not.
 */
export async function saveLastSeq(
  tx: Db,
  session: string,
  { before, lastSeq }: { readonly before: number; readonly lastSeq: number },
  now: number,
): Promise<boolean> {
  const result = await tx
    .insertInto('runner_sessions')
    .values({ session, machine: '', last_seq: lastSeq, updated: now })
    .onConflict((conflict) =>
      conflict
        .column('session')
        .doUpdateSet({ last_seq: lastSeq, updated: now })
        .where('runner_sessions.last_seq', '=', before),
    )
    .executeTakeFirst()
  return (result.numInsertedOrUpdatedRows ?? 0n) > 0n
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
