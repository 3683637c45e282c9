import type { Insertable, Selectable, Updateable } from 'kysely'
import type { Db } from './database.js'
import type { UserTable } from './schema/people.js'

/** Columns that hold, or are about, tokens for the forge. */
type ForgeTokenColumn = 'access_token' | 'refresh_token' | 'token_expires' | 'token_claimed_until'

/** A user without tokens. */
export type UserRow = Omit<Selectable<UserTable>, ForgeTokenColumn>

/** All columns of a `UserRow`. */
export const USER_COLUMNS = [
  'users.id',
  'users.forge',
  'users.remote_id',
  'users.login',
  'users.name',
  'users.email',
  'users.avatar',
  'users.admin',
  'users.active',
  'users.allowed',
  'users.machine',
  'users.synced',
  'users.sync_tried',
  'users.last_login',
  'users.created',
  'users.updated',
] as const

/** The user with that id, or null. */
export async function findUser(db: Db, id: number): Promise<UserRow | null> {
  const query = db.selectFrom('users').select(USER_COLUMNS).where('id', '=', id)
  return (await query.executeTakeFirst()) ?? null
}

/** Users with that login, whatever the case, of one forge or of all; two at most. */
export async function usersByLogin(
  db: Db,
  login: string,
  forge: string | null,
): Promise<readonly UserRow[]> {
  const query = db.selectFrom('users').select(USER_COLUMNS).where('login', '=', login)
  const narrowed = forge === null ? query : query.where('forge', '=', forge)
  return narrowed.orderBy('id').limit(2).execute()
}

/** Users by id, those after `afterId`. */
export async function listUsers(
  db: Db,
  { limit, afterId = 0 }: { readonly limit: number; readonly afterId?: number },
): Promise<readonly UserRow[]> {
  const query = db.selectFrom('users').select(USER_COLUMNS).where('id', '>', afterId)
  return query.orderBy('id').limit(limit).execute()
}

/** Adds a user; null when its account has one. */
export async function insertUser(db: Db, user: Insertable<UserTable>): Promise<UserRow | null> {
  const row = await db
    .insertInto('users')
    .values(user)
    .onConflict((conflict) => conflict.columns(['forge', 'remote_id']).doNothing())
    .returning(USER_COLUMNS)
    .executeTakeFirst()
  return row ?? null
}

/** Adds the account's user, or changes the one it has. */
export async function upsertUser(
  db: Db,
  user: Insertable<UserTable>,
  change: Updateable<UserTable>,
): Promise<UserRow> {
  return db
    .insertInto('users')
    .values(user)
    .onConflict((conflict) => conflict.columns(['forge', 'remote_id']).doUpdateSet(change))
    .returning(USER_COLUMNS)
    .executeTakeFirstOrThrow()
}

/** Changes a user; null when there is none. */
export async function updateUser(
  db: Db,
  id: number,
  change: Updateable<UserTable>,
): Promise<UserRow | null> {
  const query = db.updateTable('users').set(change).where('id', '=', id).returning(USER_COLUMNS)
  return (await query.executeTakeFirst()) ?? null
}

/** Removes a user and, by cascade, what is his. */
export async function deleteUser(db: Db, id: number): Promise<boolean> {
  const { numDeletedRows } = await db.deleteFrom('users').where('id', '=', id).executeTakeFirst()
  return numDeletedRows > 0
}

/** Tokens for a user's forge, sealed. */
export type ForgeTokenRow = Pick<
  Selectable<UserTable>,
  ForgeTokenColumn | 'id' | 'forge' | 'remote_id' | 'login'
>

/** The user's tokens for the forge, or null when there is no user. */
export async function forgeTokensOf(db: Db, id: number): Promise<ForgeTokenRow | null> {
  const query = db
    .selectFrom('users')
    .select(['id', 'forge', 'remote_id', 'login'])
    .select(['access_token', 'refresh_token', 'token_expires', 'token_claimed_until'])
  return (await query.where('id', '=', id).executeTakeFirst()) ?? null
}

/** Lets one caller alone, of all servers, renew the user's tokens until then. */
export async function claimRenewal(
  db: Db,
  id: number,
  now: number,
  until: number,
): Promise<boolean> {
  const { numUpdatedRows } = await db
    .updateTable('users')
    .set({ token_claimed_until: until })
    .where('id', '=', id)
    .where('token_claimed_until', '<', now)
    .executeTakeFirst()
  return numUpdatedRows > 0
}

/** Lets one caller alone, of all servers, ask for the user's roles, and nobody else before `now` is `before`. */
export async function claimSync(db: Db, id: number, before: number, now: number): Promise<boolean> {
  const { numUpdatedRows } = await db
    .updateTable('users')
    .set({ sync_tried: now })
    .where('id', '=', id)
    .where('sync_tried', '<=', before)
    .executeTakeFirst()
  return numUpdatedRows > 0
}
