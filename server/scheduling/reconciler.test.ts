import { afterEach, beforeEach, describe, expect, it } from '@jest/globals'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pino } from 'pino'
import { redisKeys } from '../../protocol/keys.js'
import { LogWatcher } from '../logs/log-watcher.js'
import type { RedisConnections } from '../redis/connections.js'
import { closeConnection, redisConnections, waitUntilReady } from '../redis/connections.js'
import type { PrivateRedis } from '../redis/private-redis.js'
import { startPrivateRedis } from '../redis/private-redis.js'
import type { BuildRow } from '../store/builds.js'
import { findBuildById } from '../store/builds.js'
import type { Db } from '../store/database.js'
import { updateStage } from '../store/stages.js'
import { TestDatabase } from '../testing/test-database.js'
import { addBuildTo, addRepoTo, stageOf, stagePlan, storeStages } from '../testing/plans.js'
import { Downlink } from '../uplink/downlink.js'
import { UplinkHealth } from '../uplink/health.js'
import { Dispatcher } from './dispatcher.js'
import { Enqueuer } from './enqueuer.js'
import { Reconciler } from './reconciler.js'
import { StageQueues } from './stage-queues.js'

const logger = pino({ level: 'silent' })
const keys = redisKeys('test')

let directory: string
let database: TestDatabase
let db: Db
let repoId: number
let server: PrivateRedis
let redis: ReturnType<RedisConnections['failingFast']>
let queues: StageQueues
let enqueuer: Enqueuer
let dispatcher: Dispatcher
let now: number
beforeEach(async () => {
  now = 1_000
  directory = await mkdtemp(join(tmpdir(), 'sandpiper-reconciler-'))
  database = await TestDatabase.create()
  db = await database.open()
  repoId = await addRepoTo(db)
  server = await startPrivateRedis({ dataDir: directory, logger })
  redis = redisConnections(server.path, logger).failingFast()
  await waitUntilReady(redis, 5_000)
  queues = new StageQueues({ redis, bullPrefix: keys.bullPrefix, logger, openMax: 2 })
  const system = () => ({ link: 'http://ci.example.com', version: '1' })
  enqueuer = new Enqueuer({ db, queues, system, pageSize: 2 })
  const downlink = new Downlink(redis, keys)
  dispatcher = new Dispatcher({ downlink, enqueuer, queues, watcher: new LogWatcher(), logger })
})
afterEach(async () => {
  await dispatcher.settled()
  await queues.close()
  await closeConnection(redis)
  await server.close()
  await database.remove()
  await rm(directory, { recursive: true })
})

async function push(labels: Readonly<Record<string, string>> = {}): Promise<BuildRow> {
  const build = await addBuildTo(db, repoId)
  await storeStages(db, build, [stagePlan({ labels })])
  return build
}

function reconciler(): Reconciler {
  const clock = { now: () => now }
  const uplink = new UplinkHealth(clock, 1e9)
  uplink.caughtUp()
  return new Reconciler({
    ...{ db, clock, enqueuer, dispatcher, uplink, logger },
    ...{ leaseMs: 10, intervalMs: 1_000, rowsMax: 2, pendingMs: 60 * 60_000 },
    ingest: () => Promise.resolve(),
    isRedisReachable: () => queues.isReachable,
  })
}

describe('the queues', () => {
  it('get every pending stage, however many before it nobody takes', async () => {
    for (let count = 0; count < 5; count += 1) await push()
    expect(await enqueuer.enqueueAll()).toBe(5)
    await push()
    expect(await enqueuer.enqueueAll()).toBe(1)
    expect(await enqueuer.enqueueAll()).toBe(0)
  })

  it('are closed when others were used since', async () => {
    for (const gpu of ['1', '2', '3', '1', '4']) await push({ gpu })
    expect(await enqueuer.enqueueAll()).toBe(5)
    expect(queues.open).toEqual(['1', '4'].map((gpu) => `stage-linux-amd64-label.gpu=${gpu}`))
    expect(await enqueuer.enqueueAll()).toBe(0)
  })
})

describe('the reconciler', () => {
  it('comes to every open build, round after round', async () => {
    const builds: BuildRow[] = []
    for (let count = 0; count < 5; count += 1) builds.push(await push())
    const rounds = reconciler()
    const last = await stageOf(db, builds[4]!)
    for (const id of [builds[4]!.id, builds[0]!.id]) {
      const stage = id === builds[4]!.id ? last : await stageOf(db, builds[0]!)
      // As nothing of ours does it: the build is not advanced.
      await updateStage(db, stage.id, { status: 'success', updated: 5 })
      for (let round = 0; round < 3; round += 1) await rounds.reconcile()
      expect((await findBuildById(db, id))?.status).toBe('success')
    }
  })

  it('ends what no runner takes within its time, and gives the turn on', async () => {
    const concurrency = { group: 'g', limit: 1, cancelPrevious: false }
    const plan = stagePlan({ labels: { gpu: 'yes', zone: 'b' }, concurrency })
    const [first, second] = [await addBuildTo(db, repoId), await addBuildTo(db, repoId)]
    await storeStages(db, first, [plan], now)
    await storeStages(db, second, [stagePlan({ concurrency })], now)
    const rounds = reconciler()
    now += 60 * 60_000 - 1
    await rounds.reconcile()
    expect((await stageOf(db, first)).status).toBe('pending')
    now += 1
    await rounds.reconcile()
    expect(await stageOf(db, first)).toMatchObject({
      status: 'error',
      error: 'no runner with labels gpu=yes, zone=b, platform linux/amd64 took it within 60m',
    })
    expect((await findBuildById(db, first.id))?.status).toBe('error')
    expect(await stageOf(db, second)).toMatchObject({ status: 'pending', queued: now })
    await rounds.reconcile()
    expect((await stageOf(db, second)).status).toBe('pending')
  })

  it('counts that time only while runners are heard', async () => {
    const build = await push()
    now += 24 * 60 * 60_000
    const rounds = reconciler()
    await rounds.reconcile()
    expect((await stageOf(db, build)).status).toBe('pending')
  })
})
