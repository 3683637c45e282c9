import type { Insertable, Selectable } from 'kysely'
import type { Db } from './database.js'
import type { UserSessionTable } from './schema/people.js'
import { USER_COLUMNS } from './users.js'
import type { UserRow } from './users.js'

/** A session without what proves it. */
export type UserSessionRow = Omit<Selectable<UserSessionTable>, 'hash'>

const COLUMNS = ['id', 'user_id', 'agent', 'created', 'last_seen', 'expires'] as const

/** A session and whose it is. */
export type SessionOwner = UserRow & {
  readonly proof_id: number
  readonly proof_used: number
  readonly proof_expires: number
}

/** The session with that hash and its user, or null. */
export async function sessionOwner(db: Db, hash: string): Promise<SessionOwner | null> {
  const query = db
    .selectFrom('user_sessions')
    .innerJoin('users', 'users.id', 'user_sessions.user_id')
    .select(USER_COLUMNS)
    .select([
      'user_sessions.id as proof_id',
      'user_sessions.last_seen as proof_used',
      'user_sessions.expires as proof_expires',
    ])
  return (await query.where('user_sessions.hash', '=', hash).executeTakeFirst()) ?? null
}

/** Sessions of a user that have not ended, those that were used last first. */
export async function sessionsOf(
  db: Db,
  userId: number,
  alive: { readonly expiresAfter: number; readonly seenAfter: number },
): Promise<readonly UserSessionRow[]> {
  return db
    .selectFrom('user_sessions')
    .select(COLUMNS)
    .where('user_id', '=', userId)
    .where('expires', '>', alive.expiresAfter)
    .where('last_seen', '>', alive.seenAfter)
    .orderBy('last_seen', 'desc')
    .orderBy('id', 'desc')
    .execute()
}

export async function insertSession(db: Db, session: Insertable<UserSessionTable>): Promise<void> {
  await db.insertInto('user_sessions').values(session).execute()
}

/** Notes that a session was used. */
export async function touchSession(db: Db, id: number, now: number): Promise<void> {
  await db.updateTable('user_sessions').set({ last_seen: now }).where('id', '=', id).execute()
}

/** Ends the session with that hash. */
export async function deleteSessionByHash(db: Db, hash: string): Promise<void> {
  await db.deleteFrom('user_sessions').where('hash', '=', hash).execute()
}

/** Ends a session of a user. */
export async function deleteSession(db: Db, userId: number, id: number): Promise<boolean> {
  const { numDeletedRows } = await db
    .deleteFrom('user_sessions')
    .where('id', '=', id)
    .where('user_id', '=', userId)
    .executeTakeFirst()
  return numDeletedRows > 0
}

/** Ends the sessions of a user but those. */
export async function deleteSessionsBut(
  db: Db,
  userId: number,
  kept: readonly number[],
): Promise<void> {
  const query = db.deleteFrom('user_sessions').where('user_id', '=', userId)
  await (kept.length === 0 ? query : query.where('id', 'not in', [...kept])).execute()
}
