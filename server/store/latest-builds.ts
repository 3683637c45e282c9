import type { BuildRow } from './builds.js'
import type { Db } from './database.js'

/** What the newest build is told of: each branch, each pull request, or each target of deployments. */
export type LatestBy = 'branch' | 'pull_request' | 'deploy_to'

/** Builds that are looked at: what has had none among them for so long is of no interest, and the cost is bounded. */
const LOOKED_AT = 1000

/** Builds in one answer. */
const SHOWN_MAX = 100

/** Number of the repo's newest build; 0: it has none. */
export async function newestNumber(db: Db, repoId: number): Promise<number> {
  const query = db.selectFrom('builds').select('number').where('repo_id', '=', repoId)
  return (await query.orderBy('number', 'desc').limit(1).executeTakeFirst())?.number ?? 0
}

/** The newest build of a ref that has a plan; null: it has none yet. */
export async function newestPlanned(
  db: Db,
  repoId: number,
  ref: string,
): Promise<Pick<BuildRow, 'number' | 'plan_json'> | null> {
  const query = db
    .selectFrom('builds')
    .select(['number', 'plan_json'])
    .where('repo_id', '=', repoId)
    .where('ref', '=', ref)
    .where('plan_json', 'is not', null)
  return (await query.orderBy('number', 'desc').limit(1).executeTakeFirst()) ?? null
}

/** The plan of a build of a ref at a commit, among the newest of the repo; null: there is none. */
export async function planAt(
  db: Db,
  repoId: number,
  { ref, after }: Pick<BuildRow, 'ref' | 'after'>,
): Promise<string | null> {
  const query = db
    .selectFrom('builds')
    .select('plan_json')
    .where('repo_id', '=', repoId)
    .where('ref', '=', ref)
    .where('number', '>', (await newestNumber(db, repoId)) - LOOKED_AT)
    .where('after', '=', after)
    .where('plan_json', 'is not', null)
  return (await query.limit(1).executeTakeFirst())?.plan_json ?? null
}

/** The newest build of each branch that was pushed to, pull request or target, newest first. */
export async function latestBuildsBy(db: Db, repoId: number, by: LatestBy): Promise<BuildRow[]> {
  const newest = db
    .selectFrom('builds')
    .select(['id', 'number', 'event', 'ref', 'branch', 'pull_request', 'deploy_to'])
    .where('repo_id', '=', repoId)
    .orderBy('number', 'desc')
    .limit(LOOKED_AT)
  const rows = await newest.execute()
  const ids = new Map<string | number, number>()
  for (const row of rows) {
    const isOne =
      by === 'branch' ? row.ref.startsWith('refs/heads/') && row.deploy_to === '' : row[by]
    if (isOne && row[by] && row.event !== IGNORED[by] && !ids.has(row[by])) ids.set(row[by], row.id)
  }
  return buildsOf(db, [...ids.values()].slice(0, SHOWN_MAX))
}

/** Builds of pull requests stand under their target's branch as well. */
const IGNORED: Readonly<Record<LatestBy, string>> = {
  branch: 'pull_request',
  pull_request: '',
  deploy_to: '',
}

async function buildsOf(db: Db, ids: readonly number[]): Promise<BuildRow[]> {
  if (ids.length === 0) return []
  const query = db
    .selectFrom('builds')
    .selectAll()
    .where('id', 'in', [...ids])
  return query.orderBy('number', 'desc').execute()
}
