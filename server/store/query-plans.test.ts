import { afterAll, beforeAll, describe, expect, it } from '@jest/globals'
import type { CompiledQuery, LogEvent } from 'kysely'
import { Kysely } from 'kysely'
import { createBuildService } from '../builds/build-service.js'
import { systemClock } from '../clock.js'
import type { BuildService } from '../services.js'
import { addRepoTo } from '../testing/plans.js'
import { fillBuilds } from '../testing/many-builds.js'
import { TestDatabase } from '../testing/test-database.js'
import { findBuild, findBuildById, openBuilds, previousBuild, uningestedBuilds } from './builds.js'
import type { Db } from './database.js'
import { giveShare } from '../scheduling/fair-share.js'
import { dueCrons } from './crons.js'
import { findDelivery } from './deliveries.js'
import { blockedBefore, olderOpenBuilds, openNumbersOfRepo } from './open-builds.js'
import { activeStages } from './repo-turns.js'
import { isPostgres } from './migrations/columns.js'
import { postgresDialect } from './postgres/dialect.js'
import { openPool } from './postgres/pool.js'
import type { RepoRow } from './repos.js'
import { findRepoById } from './repos.js'
import type { Database } from './schema.js'
import { sqliteDialect } from './sqlite-dialect.js'
import { incompleteStages, pendingStages, stagesOfBuild, stagesWithLeaseBefore } from './stages.js'
import { stepsOfBuild } from './steps.js'
import { nextInTurn, turnsTaken } from './turns.js'

const BUILDS = 50_000
/** Rows that a query may touch: a page, and what goes with it. */
const ROWS_MAX = 1_000

let database: TestDatabase
let db: Db
let repoId: number
let repo: RepoRow
let queries: CompiledQuery[] = []
beforeAll(async () => {
  database = await TestDatabase.create()
  const plain = await database.open()
  repoId = await addRepoTo(plain)
  repo = (await findRepoById(plain, repoId))!
  await addRepoTo(plain, 'other')
  await fillBuilds(plain, repoId, BUILDS)
  const { address } = database
  const log = (event: LogEvent): void => void queries.push(event.query)
  const pool = { connectionsMax: 2, statementMs: 20_000 }
  const dialect =
    'url' in address
      ? postgresDialect(openPool({ url: address.url, ...pool }))
      : sqliteDialect(address.path)
  db = new Kysely<Database>({ dialect, log })
}, 120_000)
afterAll(async () => {
  await db.destroy()
  await database.remove()
})

/** What the database does for a query, where that grows with the number of builds; nothing when all is well. */
async function troubleWith(query: CompiledQuery): Promise<string[]> {
  return isPostgres(db) ? rowsTouched(query) : scans(query)
}

const SMALL =
  /USING (?:COVERING )?INDEX (?:builds_to_|builds_open|stages_pending|stages_leases|stages_turns)|^MULTI-INDEX OR$|INTEGER PRIMARY KEY \(rowid=\?\)$/

async function scans({ sql, parameters }: CompiledQuery): Promise<string[]> {
  const explain = { sql: `explain query plan ${sql}`, parameters } as unknown as CompiledQuery<{
    detail: string
  }>
  const { rows } = await db.executeQuery(explain)
  const details = rows.map(({ detail }) => detail)
  // What has not ended is few, and indexes of it are small; so is what two unique indexes find.
  if (details.some((detail) => SMALL.test(detail))) return []
  return details.filter((detail) => /^SCAN (?!page\b|CONSTANT)|TEMP B-TREE/.test(detail))
}

interface PlanNode {
  readonly 'Node Type': string
  readonly 'Actual Rows': number
  readonly 'Actual Loops': number
  readonly 'Rows Removed by Filter'?: number
  readonly Plans?: readonly PlanNode[]
}

async function rowsTouched({ sql, parameters }: CompiledQuery): Promise<string[]> {
  const explain = {
    sql: `explain (analyze, format json) ${sql}`,
    parameters,
  } as unknown as CompiledQuery<{
    'QUERY PLAN': readonly { readonly Plan: PlanNode }[]
  }>
  const { rows } = await db.executeQuery(explain)
  const visit = (node: PlanNode): string[] => {
    const touched =
      (node['Actual Rows'] + (node['Rows Removed by Filter'] ?? 0)) * node['Actual Loops']
    const own = touched > ROWS_MAX ? [`${node['Node Type']}: ${touched} rows`] : []
    return [...own, ...(node.Plans ?? []).flatMap(visit)]
  }
  return visit(rows[0]!['QUERY PLAN'][0]!.Plan)
}

/** As the API reads them; nothing else of the service is used. */
const builds = (): BuildService =>
  createBuildService({ db, clock: systemClock } as Parameters<typeof createBuildService>[0])

const GROUP = { concurrency_group: 'deploy', concurrency_domain: '' }

const QUERIES: readonly (readonly [name: string, run: () => Promise<unknown>])[] = [
  ['the builds page', () => builds().list(repo, { limit: 25, offset: 0 })],
  ['the next page', () => builds().list(repo, { limit: 25, offset: 25 })],
  [
    'the builds page of a repo without any',
    () => builds().list({ ...repo, id: repoId + 1 }, { limit: 25, offset: 0 }),
  ],
  ['the newest build', () => builds().latest(repo)],
  ['a build', () => findBuild(db, repoId, BUILDS / 2)],
  ['the one before', async () => previousBuild(db, (await findBuildById(db, BUILDS))!)],
  [
    'the one before on a branch that is rare',
    async () => {
      await previousBuild(db, { ...(await findBuildById(db, 990))!, branch: 'rare' })
    },
  ],
  [
    'the one before on a branch that is new',
    async () => {
      await previousBuild(db, { ...(await findBuildById(db, BUILDS))!, branch: 'new' })
    },
  ],
  ['the stages of a build', () => stagesOfBuild(db, BUILDS / 2)],
  ['the steps of a build', () => stepsOfBuild(db, BUILDS / 2)],
  [
    'a delivery',
    () => findDelivery(db, { repoId, forge: 'git', deliveryId: 'd7', bodySha256: 'x' }),
  ],
  ['what is to be compiled', () => uningestedBuilds(db, 1_000)],
  ['what goes on', () => openBuilds(db, 1_000)],
  ['what waits', () => pendingStages(db, 1_000)],
  ['what waits behind another', () => pendingStages(db, 100, { after: { queued: 1, id: 1 } })],
  ['what waits for too long', () => pendingStages(db, 1_000, { until: 10 })],
  ['leases that end', () => stagesWithLeaseBefore(db, 10)],
  ['turns', () => turnsTaken(db, { repo_id: repoId, ...GROUP })],
  [
    'what a newer push ends',
    async () => {
      const newer = { repo_id: repoId, number: BUILDS, event: 'push', ref: 'refs/heads/main' }
      await olderOpenBuilds(db, newer, { running: true })
    },
  ],
  ['what is cancelled at once', () => openNumbersOfRepo(db, repoId, {})],
  ['what waits for approval for long', () => blockedBefore(db, 10, 1_000)],
  ['room of a repo', () => activeStages(db, repoId)],
  [
    'a fair share',
    async () => {
      const [stage] = await stagesOfBuild(db, BUILDS / 2)
      await giveShare(db, { ...stage!, share: 0 })
    },
  ],
  ['the queue', () => incompleteStages(db, 1_000)],
  ['crons that are due', () => dueCrons(db, 10, 100)],
  ['who is next', () => nextInTurn(db, { repo_id: repoId, ...GROUP }, 5)],
]

describe('the work for a query does not grow with the number of builds', () => {
  it.each(QUERIES)('%s', async (_name, run) => {
    queries = []
    await run()
    const ran = [...queries]
    expect(ran.length).toBeGreaterThan(0)
    for (const query of ran) expect([query.sql, await troubleWith(query)]).toEqual([query.sql, []])
  })

  it('is noticed where it does', async () => {
    queries = []
    await db.selectFrom('builds').select('id').where('after', '=', 'x').execute()
    expect(await troubleWith(queries.at(-1)!)).not.toEqual([])
  })
})
