import type { Insertable, Selectable } from 'kysely'
import type { Db } from './database.js'
import type { UserTokenTable } from './schema/people.js'
import type { SessionOwner } from './user-sessions.js'
import { USER_COLUMNS } from './users.js'

/** A token without what proves it. */
export type UserTokenRow = Omit<Selectable<UserTokenTable>, 'hash'>

const COLUMNS = ['id', 'user_id', 'name', 'scope', 'expires', 'last_used', 'created'] as const

/** A token and whose it is. */
export type TokenOwner = SessionOwner & { readonly scope: string }

/** The token with that hash and its user, or null. */
export async function tokenOwner(db: Db, hash: string): Promise<TokenOwner | null> {
  const query = db
    .selectFrom('user_tokens')
    .innerJoin('users', 'users.id', 'user_tokens.user_id')
    .select(USER_COLUMNS)
    .select([
      'user_tokens.id as proof_id',
      'user_tokens.last_used as proof_used',
      'user_tokens.expires as proof_expires',
      'user_tokens.scope',
    ])
  return (await query.where('user_tokens.hash', '=', hash).executeTakeFirst()) ?? null
}

/** Tokens of a user, by name. */
export async function tokensOf(db: Db, userId: number): Promise<readonly UserTokenRow[]> {
  const query = db.selectFrom('user_tokens').select(COLUMNS).where('user_id', '=', userId)
  return query.orderBy('name').execute()
}

/** How many tokens a user has. */
export async function countTokens(db: Db, userId: number): Promise<number> {
  const { count } = await db
    .selectFrom('user_tokens')
    .select(({ fn }) => fn.countAll<number | string | bigint>().as('count'))
    .where('user_id', '=', userId)
    .executeTakeFirstOrThrow()
  return Number(count)
}

/** Adds a token; null when its user has one of that name. */
export async function insertToken(
  db: Db,
  token: Insertable<UserTokenTable>,
): Promise<UserTokenRow | null> {
  const row = await db
    .insertInto('user_tokens')
    .values(token)
    .onConflict((conflict) => conflict.columns(['user_id', 'name']).doNothing())
    .returning(COLUMNS)
    .executeTakeFirst()
  return row ?? null
}

/** Notes that a token was used. */
export async function touchToken(db: Db, id: number, now: number): Promise<void> {
  await db.updateTable('user_tokens').set({ last_used: now }).where('id', '=', id).execute()
}

/** Removes a token of a user. */
export async function deleteToken(db: Db, userId: number, id: number): Promise<boolean> {
  const { numDeletedRows } = await db
    .deleteFrom('user_tokens')
    .where('id', '=', id)
    .where('user_id', '=', userId)
    .executeTakeFirst()
  return numDeletedRows > 0
}

/** Removes a user's token of that name. */
export async function deleteTokenByName(db: Db, userId: number, name: string): Promise<void> {
  await db
    .deleteFrom('user_tokens')
    .where('user_id', '=', userId)
    .where('name', '=', name)
    .execute()
}
