import type { ColumnDefinitionBuilder, CreateTableBuilder, Kysely, Migration } from 'kysely'
import { idColumn } from './columns.js'

/** Tables of schema/people.ts. */
export const people: Migration = {
  async up(db: Kysely<unknown>) {
    await createUsers(db)
    await createRoles(db)
    await createProofs(db)
  },
}

const required = (column: ColumnDefinitionBuilder): ColumnDefinitionBuilder => column.notNull()
const none = (column: ColumnDefinitionBuilder): ColumnDefinitionBuilder =>
  column.notNull().defaultTo(0)
const of =
  (target: string) =>
  (column: ColumnDefinitionBuilder): ColumnDefinitionBuilder =>
    column.notNull().references(target).onDelete('cascade')

async function createUsers(db: Kysely<unknown>): Promise<void> {
  let table = idColumn(db.schema.createTable('users'))
  for (const name of ['forge', 'remote_id', 'login', 'name', 'email', 'avatar']) {
    table = table.addColumn(name, 'text', required)
  }
  for (const name of ['admin', 'active', 'allowed', 'machine']) {
    table = table.addColumn(name, 'integer', required)
  }
  table = table.addColumn('access_token', 'text').addColumn('refresh_token', 'text')
  for (const name of ['token_expires', 'token_claimed_until', 'synced', 'sync_tried']) {
    table = table.addColumn(name, 'bigint', none)
  }
  await table
    .addColumn('last_login', 'bigint', none)
    .addColumn('created', 'bigint', required)
    .addColumn('updated', 'bigint', required)
    .execute()
  const account = db.schema.createIndex('users_account').unique().on('users')
  await account.columns(['forge', 'remote_id']).execute()
  await db.schema.createIndex('users_login').on('users').column('login').execute()
}

async function createRoles(db: Kysely<unknown>): Promise<void> {
  await db.schema
    .createTable('memberships')
    .addColumn('user_id', 'integer', of('users.id'))
    .addColumn('forge', 'text', required)
    .addColumn('remote_id', 'text', required)
    .addColumn('slug', 'text', required)
    .addColumn('role', 'text', required)
    .addPrimaryKeyConstraint('memberships_key', ['user_id', 'forge', 'remote_id'])
    .execute()
  const bySlug = db.schema.createIndex('memberships_slug').on('memberships')
  await bySlug.columns(['user_id', 'forge', 'slug']).execute()
  await db.schema
    .createTable('repo_members')
    .addColumn('repo_id', 'integer', of('repos.id'))
    .addColumn('user_id', 'integer', of('users.id'))
    .addColumn('role', 'text', required)
    .addColumn('created', 'bigint', required)
    .addPrimaryKeyConstraint('repo_members_key', ['user_id', 'repo_id'])
    .execute()
  await db.schema.createIndex('repo_members_repo').on('repo_members').column('repo_id').execute()
}

async function createProofs(db: Kysely<unknown>): Promise<void> {
  await proof(idColumn(db.schema.createTable('user_sessions')))
    .addColumn('agent', 'text', required)
    .addColumn('last_seen', 'bigint', required)
    .addColumn('expires', 'bigint', required)
    .execute()
  await proof(idColumn(db.schema.createTable('user_tokens')))
    .addColumn('name', 'text', required)
    .addColumn('scope', 'text', required)
    .addColumn('expires', 'bigint', required)
    .addColumn('last_used', 'bigint', required)
    .execute()
  for (const name of ['user_sessions', 'user_tokens']) {
    await db.schema.createIndex(`${name}_hash`).unique().on(name).column('hash').execute()
  }
  await db.schema.createIndex('user_sessions_user').on('user_sessions').column('user_id').execute()
  const byName = db.schema.createIndex('user_tokens_name').unique().on('user_tokens')
  await byName.columns(['user_id', 'name']).execute()
}

/** Whose it is, and what it is known by. */
function proof<T extends string, C extends string>(table: CreateTableBuilder<T, C>) {
  return table
    .addColumn('user_id', 'integer', of('users.id'))
    .addColumn('hash', 'text', required)
    .addColumn('created', 'bigint', required)
}
