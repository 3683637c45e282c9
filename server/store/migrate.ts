import { Migrator, sql } from 'kysely'
import type { Kysely, Migration, MigrationResultSet } from 'kysely'
import { SandpiperError, messageOf } from '../../protocol/errors.js'
import { base } from './migrations/0001-base.js'
import { turnsAndWarnings } from './migrations/0002-turns-and-warnings.js'
import { turnDomains } from './migrations/0003-turn-domains.js'
import { stepUsage } from './migrations/0004-step-usage.js'
import { networkAllow } from './migrations/0005-network-allow.js'
import { repoSettings } from './migrations/0006-repo-settings.js'
import { buildLife } from './migrations/0007-builds.js'
import { deliveries } from './migrations/0008-deliveries.js'
import { people } from './migrations/0009-people.js'
import { secretsAndAudit } from './migrations/0010-secrets-and-audit.js'
import { statuses } from './migrations/0011-statuses.js'
import { logs } from './migrations/0012-logs.js'
import { servers } from './migrations/0013-servers.js'
import { crons } from './migrations/0014-crons.js'
import { copiedStages } from './migrations/0015-copied-stages.js'
import { hasCode } from '../error-code.js'
import type { Database } from './schema.js'

/** Every migration there ever was, in order; one that is released never changes. */
export const MIGRATIONS: Readonly<Record<string, Migration>> = {
  '0001-base': base,
  '0002-turns-and-warnings': turnsAndWarnings,
  '0003-turn-domains': turnDomains,
  '0004-step-usage': stepUsage,
  '0005-network-allow': networkAllow,
  '0006-repo-settings': repoSettings,
  '0007-builds': buildLife,
  '0008-deliveries': deliveries,
  '0009-people': people,
  '0010-secrets-and-audit': secretsAndAudit,
  '0011-statuses': statuses,
  '0012-logs': logs,
  '0013-servers': servers,
  '0014-crons': crons,
  '0015-copied-stages': copiedStages,
}

/**
 * Brings the tables up to date, all at once or not at all: killed in the middle, it is as if it had not begun. Of
 * several servers that start at once on Postgres one does it, and the others wait for that.
 * @throws SandpiperError SP_STORE_MIGRATE, also when the file was made by a newer Sandpiper
 */
export async function migrateToLatest(db: Kysely<Database>): Promise<void> {
  await migrate(db, (migrator) => migrator.migrateToLatest())
}

/**
 * Makes the tables of an empty database as they were with that migration.
 * @throws SandpiperError SP_STORE_MIGRATE
 */
export async function migrateTo(db: Kysely<Database>, name: string): Promise<void> {
  await migrate(db, (migrator) => migrator.migrateTo(name))
}

/** Names of the migrations that a database has had. */
export async function doneMigrations(db: Kysely<Database>): Promise<string[]> {
  const { rows } = await sql<{ name: string }>`select name from kysely_migration`.execute(db)
  return rows.map(({ name }) => name).sort()
}

async function migrate(
  db: Kysely<Database>,
  run: (migrator: Migrator) => Promise<MigrationResultSet>,
): Promise<void> {
  const migrator = new Migrator({
    db,
    provider: { getMigrations: () => Promise.resolve({ ...MIGRATIONS }) },
    // Which were done is known by their names; their times are those of a clock that may have been set back.
    allowUnorderedMigrations: true,
  })
  const { error, results } = await run(migrator)
  if (error === undefined) return
  if (hasCode(error, 'SP_STORE_UNAVAILABLE')) throw error as Error
  const failed = results?.find((result) => result.status === 'Error')?.migrationName
  throw new SandpiperError(
    'SP_STORE_MIGRATE',
    `bring the database up to date${failed ? `, migration ${failed}` : ''}: ${messageOf(error)}`,
    {
      hint: 'A newer Sandpiper may have made this database; run that version, or restore a backup.',
      cause: error,
    },
  )
}
