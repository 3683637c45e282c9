import type { Kysely, Migration } from 'kysely'

const TEXT = { forge: '', remote_id: '', visibility: 'private', require_approval: 'forks' }
const INTEGER = {
  user_id: 0,
  protected: 0,
  ignore_forks: 0,
  ignore_pull_requests: 0,
  auto_cancel_pushes: 0,
  auto_cancel_pull_requests: 0,
  auto_cancel_running: 0,
  running_max: 0,
  keep_days: 0,
  keep_builds: 0,
}

/** Where a repo is at home, who sees it, what it builds without being asked, and how long it keeps that. */
export const repoSettings: Migration = {
  async up(db: Kysely<unknown>) {
    for (const [type, columns] of [['text', TEXT] as const, ['integer', INTEGER] as const]) {
      for (const [name, value] of Object.entries(columns)) {
        const table = db.schema.alterTable('repos')
        await table.addColumn(name, type, (c) => c.notNull().defaultTo(value)).execute()
      }
    }
    const table = db.schema.alterTable('repos')
    await table.addColumn('keep_bytes', 'bigint', (c) => c.notNull().defaultTo(0)).execute()
    await db.schema.alterTable('repos').addColumn('forge_token', 'text').execute()
  },
}
