import type { Kysely, Migration } from 'kysely'
import { sql } from 'kysely'

/** Tells at once whether a stage was taken over by other builds, which then show its logs. */
export const copiedStages: Migration = {
  async up(db: Kysely<unknown>) {
    await sql`create index stages_copied_from on stages (copied_from) where copied_from > 0`.execute(
      db,
    )
  },
}
