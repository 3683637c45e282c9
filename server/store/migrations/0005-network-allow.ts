import type { Kysely, Migration } from 'kysely'

/** What the steps of a repo may reach. */
export const networkAllow: Migration = {
  async up(db: Kysely<unknown>) {
    await db.schema.alterTable('repos').addColumn('network_allow', 'text').execute()
  },
}
