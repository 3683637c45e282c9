import { sql } from 'kysely'
import { hasNoCopies } from '../store/copied-stages.js'
import type { Db } from '../store/database.js'
import { refOfRow } from '../store/step-logs.js'
import { removeBuilds, removeLog } from './remove-logs.js'
import type { LogStore } from './log-store.js'

const DAY_MS = 24 * 60 * 60_000

/** Builds, and logs, that one pass removes of a repo at most. */
const PASS_MAX = 200

/** How much is kept of each repo; 0 is all. */
export interface KeepLimits {
  /** Builds that ended longer ago are removed. */
  readonly days: number
  /** Beyond so many, the oldest builds are removed. */
  readonly builds: number
  /** Beyond so much, the oldest logs are removed; their builds stay. */
  readonly logBytes: number
}

export interface RetentionOptions {
  readonly db: Db
  readonly logs: LogStore
  /** For repos that say nothing themselves. */
  readonly defaults: KeepLimits
  readonly now: number
  readonly signal?: AbortSignal
}

/** What a pass removed. */
export interface Removed {
  readonly builds: number
  readonly logs: number
}

/**
 * Removes what repos need not keep any more, oldest first and no more than some of it at a time. Never removed are
 * builds that have not ended, those whose logs a restarted build shows, and of each branch and tag the newest build:
 * badges and pages show it.
 */
export async function applyRetention(options: RetentionOptions): Promise<Removed> {
  const { db, defaults, signal } = options
  const columns = ['id', 'keep_days', 'keep_builds', 'keep_bytes'] as const
  const removed = { builds: 0, logs: 0 }
  for (const repo of await db.selectFrom('repos').select(columns).execute()) {
    if (signal?.aborted === true) break
    const limits = {
      days: limitOf(repo.keep_days, defaults.days),
      builds: limitOf(repo.keep_builds, defaults.builds),
      logBytes: limitOf(repo.keep_bytes, defaults.logBytes),
    }
    removed.builds += await removeOldBuilds(options, repo.id, limits)
    removed.logs += await removeOldLogs(options, repo.id, limits.logBytes)
  }
  return removed
}

/** A repo that says 0 says nothing; a negative number keeps all, whatever the server's default is. */
function limitOf(own: number, byDefault: number): number {
  return own === 0 ? byDefault : Math.max(0, own)
}

async function removeOldBuilds(
  { db, logs, now }: RetentionOptions,
  repoId: number,
  { days, builds }: KeepLimits,
): Promise<number> {
  const oldest = builds === 0 ? 0 : await oldestKept(db, repoId, builds)
  const before = days === 0 ? 0 : now - days * DAY_MS
  if (oldest === 0 && before <= 0) return 0
  const rows = await db
    .selectFrom('builds')
    .select('id')
    .where('repo_id', '=', repoId)
    .where('finished', '>', 0)
    .where((eb) => eb.or([eb('number', '<', oldest), eb('finished', '<', before)]))
    .where(hasNewer)
    .where(hasNoCopies)
    .orderBy('number')
    .limit(PASS_MAX)
    .execute()
  await removeBuilds(
    db,
    logs,
    rows.map(({ id }) => id),
  )
  return rows.length
}

/** Another build of the same ref came later; of a pull request none need have. */
const hasNewer = sql<boolean>`(builds.event = 'pull_request' or exists (
  select 1 from builds as newer
  where newer.repo_id = builds.repo_id and newer.ref = builds.ref and newer.number > builds.number
))`

/** Number of the oldest build that is among the newest so many; 0 when there are not so many. */
async function oldestKept(db: Db, repoId: number, builds: number): Promise<number> {
  const row = await db
    .selectFrom('builds')
    .select('number')
    .where('repo_id', '=', repoId)
    .orderBy('number', 'desc')
    .offset(builds - 1)
    .limit(1)
    .executeTakeFirst()
  return row?.number ?? 0
}

async function removeOldLogs(
  { db, logs, now }: RetentionOptions,
  repoId: number,
  bytesMax: number,
): Promise<number> {
  if (bytesMax === 0) return 0
  const kept = db.selectFrom('step_logs').where('repo_id', '=', repoId).where('removed', '=', 0)
  const total = await kept.select(({ fn }) => fn.sum('bytes').as('bytes')).executeTakeFirst()
  let excess = Number(total?.bytes ?? 0) - bytesMax
  if (excess <= 0) return 0
  const rows = await kept
    .selectAll()
    .where('bytes', '>', 0)
    .orderBy('finished')
    .limit(PASS_MAX)
    .execute()
  let removed = 0
  for (const row of rows) {
    if (excess <= 0) break
    await removeLog(db, logs, { ...refOfRow(row), repoId }, now)
    excess -= row.bytes
    removed += 1
  }
  return removed
}
