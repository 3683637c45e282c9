import { afterEach, beforeEach, describe, expect, it } from '@jest/globals'
import { Worker } from 'bullmq'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pino } from 'pino'
import type { StagePlan } from '../../pipelines/plan.js'
import type { StageJob } from '../../protocol/job.js'
import { redisKeys, stageQueue } from '../../protocol/keys.js'
import { whyStagesWait } from '../builds/waiting.js'
import { closeConnection, redisConnections, waitUntilReady } from '../redis/connections.js'
import type { PrivateRedis } from '../redis/private-redis.js'
import { startPrivateRedis } from '../redis/private-redis.js'
import { saveRunner } from '../store/runners.js'
import type { BuildRow } from '../store/builds.js'
import type { Db } from '../store/database.js'
import { stageStatusesOfBuild, updateStage } from '../store/stages.js'
import { TestDatabase } from '../testing/test-database.js'
import { addBuildTo, addRepoTo, stagePlan, storeStages } from '../testing/plans.js'
import { until } from '../testing/until.js'
import { Backlog } from './backlog.js'
import { endStage } from './end-stage.js'
import { Enqueuer } from './enqueuer.js'
import { QueueLosses } from './queue-losses.js'
import { StageQueues } from './stage-queues.js'
import { transact } from './transact.js'

const logger = pino({ level: 'silent' })
const { bullPrefix, queueMark } = redisKeys('test')
const QUEUE = stageQueue({ os: 'linux', arch: 'amd64' })

let directory: string
let database: TestDatabase
let db: Db
let server: PrivateRedis
let redis: ReturnType<ReturnType<typeof redisConnections>['failingFast']>
let queues: StageQueues
let enqueuer: Enqueuer
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'sandpiper-share-'))
  database = await TestDatabase.create()
  db = await database.open()
  server = await startPrivateRedis({ dataDir: directory, logger })
  redis = redisConnections(server.path, logger).failingFast()
  await waitUntilReady(redis, 5_000)
  queues = new StageQueues({ redis, bullPrefix, logger })
  const losses = new QueueLosses({ redis, key: queueMark })
  const system = () => ({ link: 'http://ci', version: '1' })
  enqueuer = new Enqueuer({ db, queues, system, losses, logger })
})
afterEach(async () => {
  await queues.close()
  await closeConnection(redis)
  await server.close()
  await database.remove()
  await rm(directory, { recursive: true })
})

/** A build of as many stages that are ready. */
async function build(repoId: number, count: number, facts = {}): Promise<BuildRow> {
  const row = await addBuildTo(db, repoId, facts)
  const stages = Array.from({ length: count }, (_, i): StagePlan => stagePlan({ name: `s${i}` }))
  await storeStages(db, row, stages)
  return row
}

/** Takes the next `count` jobs as a runner does, and has their stages run: `repo/build/stage`. */
async function take(count: number): Promise<string[]> {
  const connection = redisConnections(server.path, logger).waiting()
  const taken: string[] = []
  const worker: Worker<StageJob> = new Worker<StageJob>(
    QUEUE,
    async ({ data }) => {
      if (taken.length === count) return new Promise(() => undefined)
      taken.push(`${data.repo.id}/${data.buildNumber}/${data.stage.name}`)
      await updateStage(db, data.stageId, { status: 'running', updated: 1 })
      if (taken.length === count) void worker.pause(true)
    },
    { connection, prefix: bullPrefix, concurrency: 1 },
  )
  worker.on('error', () => undefined)
  await until(() => taken.length === count)
  await worker.close(true)
  await closeConnection(connection)
  return taken
}

describe('the runners of a queue', () => {
  it('take the one stage of another repo next, before five hundred of a busy one', async () => {
    const [busy, other] = [await addRepoTo(db, 'busy'), await addRepoTo(db, 'other')]
    const many = await build(busy, 500)
    await enqueuer.enqueueBuild(many.id)
    expect(await take(3)).toEqual([`${busy}/1/s0`, `${busy}/1/s1`, `${busy}/1/s2`])
    await enqueuer.enqueueBuild((await build(other, 3)).id)
    // Then they take turns.
    expect(await take(5)).toEqual([
      ...[`${other}/1/s0`, `${busy}/1/s3`, `${other}/1/s1`],
      ...[`${busy}/1/s4`, `${other}/1/s2`],
    ])
  }, 60_000)

  it('do not keep a busy repo waiting for ever behind those that always have one', async () => {
    const busy = await addRepoTo(db, 'busy')
    const small = [await addRepoTo(db, 'one'), await addRepoTo(db, 'two')]
    await enqueuer.enqueueBuild((await build(busy, 20)).id)
    let ofBusy = 0
    for (let i = 0; i < 12; i += 1) {
      await enqueuer.enqueueBuild((await build(small[i % 2] ?? 0, 1)).id)
      for (const name of await take(1)) if (name.startsWith(`${busy}/`)) ofBusy += 1
    }
    // A third, but for the last round.
    expect(ofBusy).toBeGreaterThanOrEqual(3)
  }, 60_000)

  it("take what people start before the repo's own pull requests, and those in their order", async () => {
    const repo = await addRepoTo(db)
    const pull = { event: 'pull_request' as const, ref: 'refs/pull/1/head' }
    await enqueuer.enqueueBuild((await build(repo, 3, pull)).id)
    await enqueuer.enqueueBuild((await build(repo, 1)).id)
    await enqueuer.enqueueBuild((await build(repo, 1, { event: 'promote' as const })).id)
    expect(await take(5)).toEqual([
      ...[`${repo}/3/s0`, `${repo}/2/s0`],
      ...[`${repo}/1/s0`, `${repo}/1/s1`, `${repo}/1/s2`],
    ])
  }, 60_000)

  it('take the same order after Redis has lost everything', async () => {
    const [busy, other] = [await addRepoTo(db, 'busy'), await addRepoTo(db, 'other')]
    await enqueuer.enqueueBuild((await build(busy, 5)).id)
    await enqueuer.enqueueBuild((await build(other, 2)).id)
    await redis.flushall()
    await new Backlog({ db, enqueuer }).all()
    expect(await take(4)).toEqual([
      ...[`${busy}/1/s0`, `${other}/1/s0`, `${busy}/1/s1`, `${other}/1/s1`],
    ])
  }, 60_000)
})

describe('a repo with a limit', () => {
  it('has no more stages queued or running, and the next one when one ends', async () => {
    const repo = await addRepoTo(db)
    await db.updateTable('repos').set({ running_max: 2 }).where('id', '=', repo).execute()
    const row = await build(repo, 4)
    const statuses = async (): Promise<string[]> =>
      (await stageStatusesOfBuild(db, row.id)).map(({ status }) => status)
    expect(await statuses()).toEqual(['pending', 'pending', 'blocked', 'blocked'])
    const stages = await stageStatusesOfBuild(db, row.id)
    const reasons = await whyStagesWait({ db, queues, clock: { now: () => 1 } }, stages)
    expect(reasons.get(stages[2]?.id ?? 0)).toBe(
      "2 of the repo's 2 stages run or are queued already",
    )
    const end = { status: 'success', error: '', at: 5, byRunner: true } as const
    await transact(db, 5, (tx, effects) => endStage(tx, stages[0]!, end, effects))
    expect(await statuses()).toEqual(['success', 'pending', 'pending', 'blocked'])
    await db.updateTable('repos').set({ running_max: 0 }).where('id', '=', repo).execute()
    await transact(db, 6, (tx, effects) => endStage(tx, stages[1]!, end, effects))
    expect(await statuses()).toEqual(['success', 'success', 'pending', 'pending'])
  })
})

describe('why a stage waits', () => {
  const why = async (row: BuildRow, now = 1_000): Promise<readonly string[]> => {
    const stages = await stageStatusesOfBuild(db, row.id)
    const reasons = await whyStagesWait({ db, queues, clock: { now: () => now } }, stages)
    return stages.map(({ id }) => reasons.get(id) ?? '')
  }
  const runner = (facts = {}) =>
    saveRunner(db, {
      ...{ session: 's', machine: 'm', queue: QUEUE, os: 'linux', arch: 'amd64', variant: '' },
      ...{ os_version: '', labels_json: '{}', capacity: 2, running: 2, version: '' },
      ...{ first_seen: 1_000, last_seen: 1_000, ...facts },
    })

  it('names the runner that is missing', async () => {
    const row = await addBuildTo(db, await addRepoTo(db))
    const arm = { os: 'linux', arch: 'arm64' }
    await storeStages(db, row, [
      stagePlan({ name: 'gpu', labels: { gpu: 'true' } }),
      stagePlan({ name: 'arm', platform: arm }),
      stagePlan({ name: 'last', dependsOn: ['gpu'] }),
    ])
    await runner()
    expect(await why(row)).toEqual([
      ...['no runner with label gpu=true', 'no runner of linux/arm64', 'waits for stage gpu'],
    ])
  })

  it('tells how many are ahead, and no runner once they were silent for long', async () => {
    const repo = await addRepoTo(db)
    const row = await build(repo, 3)
    await enqueuer.enqueueBuild(row.id)
    await runner()
    const next = 'next in the queue of linux/amd64, whose runners run 2 of 2 stages'
    const ahead = (count: number): string => `${count} ahead in the queue of linux/amd64`
    expect(await why(row)).toEqual([next, ahead(1), ahead(2)])
    // Without Redis the database tells.
    await redis.flushall()
    expect(await why(row)).toEqual([next, ahead(1), ahead(2)])
    expect((await why(row, 1_000 + 60_000))[0]).toBe('no runner of linux/amd64')
  })

  it('names the build that holds a concurrency group', async () => {
    const repo = await addRepoTo(db)
    const concurrency = { group: 'deploy', limit: 1, cancelPrevious: false }
    const rows = [await addBuildTo(db, repo), await addBuildTo(db, repo)]
    for (const row of rows) await storeStages(db, row, [stagePlan({ concurrency })])
    expect(await why(rows[1]!)).toEqual(['concurrency group deploy held by #1'])
  })
})
