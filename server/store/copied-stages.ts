import { sql } from 'kysely'

/** Whether no other build shows the logs of stages of a row of `builds`, which it has taken over. */
export const hasNoCopies = sql<boolean>`not exists (
  select 1 from stages as origin join stages as copy on copy.copied_from = origin.id
  where origin.build_id = builds.id and copy.copied_from > 0
)`
