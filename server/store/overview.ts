import type { BuildRow } from './builds.js'
import type { Db } from './database.js'
import { REPO_COLUMNS } from './repos.js'
import type { RepoRow } from './repos.js'

/** How much there is of everything; `total` counts what was removed too. */
export interface Stats {
  readonly users: number
  readonly repos: number
  readonly builds: { readonly pending: number; readonly running: number; readonly total: number }
  readonly stages: { readonly pending: number; readonly running: number }
}

/** Builds that have not ended, oldest first, with their repos. */
export async function openBuildsOfRepos(
  db: Db,
  limit: number,
): Promise<{ readonly repo: RepoRow; readonly build: BuildRow }[]> {
  const builds = await db
    .selectFrom('builds')
    .selectAll()
    .where('status', 'in', ['pending', 'running', 'blocked'])
    .orderBy('id')
    .limit(limit)
    .execute()
  const repoIds = [...new Set(builds.map((build) => build.repo_id))]
  if (repoIds.length === 0) return []
  const query = db.selectFrom('repos').select(REPO_COLUMNS).where('id', 'in', repoIds)
  const repos = new Map((await query.execute()).map((repo) => [repo.id, repo]))
  return builds.flatMap((build) => {
    const repo = repos.get(build.repo_id)
    return repo === undefined ? [] : [{ repo, build }]
  })
}

/** Counts without reading every build: those that ever were are the sum of the repos' counters. */
export async function countThings(db: Db): Promise<Stats> {
  const repos = await db
    .selectFrom('repos')
    .select(({ fn }) => [fn.countAll().as('count'), fn.sum('counter').as('builds')])
    .where('active', '=', 1)
    .executeTakeFirst()
  const users = db.selectFrom('users').select(({ fn }) => fn.countAll().as('count'))
  return {
    users: Number((await users.executeTakeFirst())?.count ?? 0),
    repos: Number(repos?.count ?? 0),
    builds: { ...(await countOpen(db, 'builds')), total: Number(repos?.builds ?? 0) },
    stages: await countOpen(db, 'stages'),
  }
}

async function countOpen(db: Db, table: 'builds' | 'stages') {
  const rows = await db
    .selectFrom(table)
    .select(({ fn }) => ['status', fn.countAll().as('count')])
    .where('status', 'in', ['pending', 'running'])
    .groupBy('status')
    .execute()
  const of = (status: string) => Number(rows.find((row) => row.status === status)?.count ?? 0)
  return { pending: of('pending'), running: of('running') }
}
