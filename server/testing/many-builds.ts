import { sql } from 'kysely'
import type { Db } from '../store/database.js'
import { continueIds } from '../store/postgres/dialect.js'
import { isPostgres } from '../store/migrations/columns.js'

const EVENT = JSON.stringify({
  ...{ event: 'push', action: '', ref: 'refs/heads/main', branch: 'main', sourceBranch: 'main' },
  ...{
    sourceRepo: '',
    after: 'ab'.repeat(20),
    before: '',
    message: 'a commit',
    title: '',
    link: '',
  },
  author: { login: 'a', name: 'A', email: 'a@example.org', avatar: '' },
  ...{ sender: 'a', cron: '', deployTo: '', params: {} },
})

/** Fills a repo that has no builds with that many, of one stage and one step each; all but the newest ten have ended. */
export async function fillBuilds(db: Db, repoId: number, count: number): Promise<void> {
  for (let first = 1; first <= count; first += ROWS) {
    await fillSome(db, repoId, { first, last: Math.min(count, first + ROWS - 1), count })
  }
  await db.updateTable('repos').set({ counter: count }).where('id', '=', repoId).execute()
  if (isPostgres(db)) for (const table of ['builds', 'stages']) await continueIds(db, table)
  await sql`analyze`.execute(db)
}

/** Builds that are made by one statement. */
const ROWS = 50_000

interface Range {
  readonly first: number
  readonly last: number
  /** Builds that there will be. */
  readonly count: number
}

async function fillSome(db: Db, repoId: number, { first, last, count }: Range): Promise<void> {
  const status = sql`case when i > ${sql.lit(count - 5)} then 'pending'
    when i > ${sql.lit(count - 10)} then 'running' else 'success' end`
  const numbers = sql`with recursive n(i) as (select ${sql.lit(first)} union all select i + 1 from n where i < ${sql.lit(last)})`
  const from = sql`coalesce((select max(id) from builds), 0) - ${sql.lit(first - 1)}`
  await sql`insert into builds (id, repo_id, number, parent, origin, status, error, event_json, event, ref, branch,
    after, created, started, finished, updated, plan_json)
    ${numbers} select i + ${from}, ${sql.lit(repoId)}, i, 0, i, ${status}, '', ${sql.lit(EVENT)}, 'push', 'refs/heads/main',
    case when i % 1000 = 1 then 'rare' else 'main' end, 'abab', i, i, i, i,
    case when i > ${sql.lit(count - 5)} then null else '{"stages":[]}' end from n`.execute(db)
  const builds = sql`from builds where repo_id = ${sql.lit(repoId)}
    and number between ${sql.lit(first)} and ${sql.lit(last)}`
  await sql`insert into stages (id, build_id, repo_id, number, name, kind, type, os, arch, status, error, exit_code,
    attempt, session, machine, lease_until, cancel_requested, depends_on_json, on_success, on_failure, plan_json,
    created, queued, started, stopped, updated)
    select id, id, repo_id, 1, 'only', 'pipeline', 'exec', 'linux', 'amd64', status, '', 0, 1, '', '', 0, 0, '[]', 1, 0,
    '{}', number, number, number, number, number ${builds}`.execute(db)
  await sql`insert into steps (stage_id, number, name, image, status, error, errignore, exit_code, detached,
    depends_on_json, started, stopped, log_bytes, log_lines, log_sha256)
    select id, 1, 'hello', '', status, '', 0, 0, 0, '[]', number, number, 0, 0, '' ${builds}`.execute(
    db,
  )
  await sql`insert into deliveries (repo_id, forge, delivery_id, body_sha256, event, received, build_id, reason)
    select repo_id, 'git', 'd' || number, 'b' || number, 'push', number, id, '' ${builds}`.execute(
    db,
  )
}
