import type { BuildRow } from './builds.js'
import type { Db } from './database.js'

/** A build as lists show it: without its plan, which may be large. */
export type ListedBuild = Omit<BuildRow, 'plan_json' | 'warnings_json' | 'keep_json'>

/** Which builds: those below a number, or, with Drone's pages, those after so many. */
export interface BuildsPage {
  readonly limit: number
  readonly before?: number | null
  readonly offset?: number
}

const COLUMNS = [
  'id',
  'repo_id',
  'number',
  'parent',
  'origin',
  'status',
  'error',
  'event_json',
  'event',
  'ref',
  'branch',
  'after',
  'started_by',
  'sender',
  'cron',
  'deploy_to',
  'deploy_id',
  'source_repo',
  'pull_request',
  'title',
  'approval',
  'approval_reason',
  'reviewed_by',
  'reviewed',
  'cancelled_by',
  'created',
  'started',
  'finished',
  'updated',
] as const

/** A page of the repo's builds, newest first. */
export async function buildsPage(db: Db, repoId: number, page: BuildsPage): Promise<ListedBuild[]> {
  const { limit, before = null, offset = 0 } = page
  const start = offset === 0 ? null : await numberAt(db, repoId, offset)
  // No build has so many before it.
  if (offset > 0 && start === null) return []
  let query = db.selectFrom('builds').select(COLUMNS).where('repo_id', '=', repoId)
  if (before !== null) query = query.where('number', '<', before)
  if (start !== null) query = query.where('number', '<=', start)
  return query.orderBy('number', 'desc').limit(limit).execute()
}

/** Number of the build that has so many newer ones: read from the index alone, so that late pages are not slow. */
async function numberAt(db: Db, repoId: number, offset: number): Promise<number | null> {
  const query = db.selectFrom('builds').select('number').where('repo_id', '=', repoId)
  const row = await query.orderBy('number', 'desc').limit(1).offset(offset).executeTakeFirst()
  return row?.number ?? null
}
