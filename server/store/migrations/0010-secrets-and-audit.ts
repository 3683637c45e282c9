import { sql } from 'kysely'
import type { CreateTableBuilder, Kysely, Migration } from 'kysely'
import { idColumn } from './columns.js'

/** Secrets and registry logins of repos and of owners, the lock of the key ring, and who read or changed what. */
export const secretsAndAudit: Migration = {
  async up(db: Kysely<unknown>) {
    await createSecrets(db)
    await createRegistries(db)
    await createKeyRing(db)
    await createAudit(db)
  },
}

type Columns = Readonly<Record<string, 'text' | 'integer' | 'bigint'>>

function table(db: Kysely<unknown>, name: string, columns: Columns): CreateTableBuilder<string> {
  const withId: CreateTableBuilder<string> = idColumn(db.schema.createTable(name))
  return Object.entries(columns).reduce<CreateTableBuilder<string>>(
    (builder, [column, type]) => builder.addColumn(column, type, (c) => c.notNull()),
    withId,
  )
}

/** What is a repo's goes with it; an owner's has no repo. */
async function createOwned(
  db: Kysely<unknown>,
  name: string,
  columns: Columns,
  key: string,
): Promise<void> {
  const times = { created: 'bigint', updated: 'bigint' } as const
  await table(db, name, { namespace: 'text', ...columns, ...times })
    .addColumn('repo_id', 'integer', (c) => c.references('repos.id').onDelete('cascade'))
    .execute()
  const index = (kind: string) => db.schema.createIndex(`${name}_${kind}`).unique().on(name)
  await index('repo').columns(['repo_id', key]).where(sql.ref('repo_id'), 'is not', null).execute()
  await index('namespace')
    .columns(['namespace', key])
    .where(sql.ref('repo_id'), 'is', null)
    .execute()
}

async function createSecrets(db: Kysely<unknown>): Promise<void> {
  const columns = {
    name: 'text',
    data: 'text',
    pull_request: 'integer',
    pull_request_push: 'integer',
    events_json: 'text',
    images_json: 'text',
    branches_json: 'text',
  } as const
  await createOwned(db, 'secrets', columns, 'name')
}

async function createRegistries(db: Kysely<unknown>): Promise<void> {
  const columns = {
    address: 'text',
    username: 'text',
    password: 'text',
    forks: 'integer',
  } as const
  await createOwned(db, 'registries', columns, 'address')
}

async function createKeyRing(db: Kysely<unknown>): Promise<void> {
  await db.schema
    .createTable('key_ring')
    .addColumn('id', 'integer', (c) => c.primaryKey())
    .addColumn('changes', 'integer', (c) => c.notNull())
    .execute()
  await sql`insert into key_ring (id, changes) values (1, 0)`.execute(db)
}

async function createAudit(db: Kysely<unknown>): Promise<void> {
  const columns = {
    at: 'bigint',
    user_id: 'integer',
    login: 'text',
    via: 'text',
    action: 'text',
    subject: 'text',
    repo_id: 'integer',
    detail_json: 'text',
  } as const
  await table(db, 'audit', columns).addColumn('once', 'text').execute()
  await db.schema.createIndex('audit_repo').on('audit').columns(['repo_id', 'id']).execute()
  await db.schema.createIndex('audit_once').unique().on('audit').column('once').execute()
}
