import { execFile } from 'node:child_process'
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import os from 'node:os'
import path from 'node:path'
import { promisify } from 'node:util'
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals'
import { Queue } from 'bullmq'
import { Redis } from 'ioredis'
import { stageJobId, type StageJob } from '../protocol/job.js'
import { redisKeys, stageQueue } from '../protocol/keys.js'
import type { UplinkMessage } from '../protocol/uplink.js'
import { startRunner, type RunningRunner } from './compose.js'
import type { RunnerConfig } from './config.js'
import { openLayerStore } from './layers/store.js'
import { silentLog } from './log.js'
import { Collector } from './testing/collector.js'
import { makeSmallDisk, type SmallDisk } from './testing/small-disk.js'
import { TestRedis } from './testing/redis-process.js'
import { makeJob, step } from './testing/stages.js'
import { until } from './testing/until.js'

const run = promisify(execFile)
const keys = redisKeys('test')
const platform = { os: 'linux', arch: 'amd64' }

let directory: string
let redis: TestRedis
let collector: Collector
let runners: RunningRunner[]
let commit: string

beforeEach(async () => {
  directory = await mkdtemp(path.join(os.tmpdir(), 'sandpiper-runner-'))
  redis = await TestRedis.start()
  collector = new Collector(redis.url, keys)
  runners = []
  commit = await makeRepo(path.join(directory, 'repo'))
  await (await openLayerStore(path.join(directory, 'layers'))).importBusybox('busybox')
})

afterEach(async () => {
  for (const runner of runners) await runner.abort()
  await collector.close()
  await redis.remove()
  await rm(directory, { recursive: true, force: true })
})

async function makeRepo(repo: string): Promise<string> {
  const git = async (...args: string[]): Promise<string> =>
    (await run('git', ['-C', repo, '-c', 'user.name=t', '-c', 'user.email=t@t', ...args])).stdout
  await run('git', ['init', '-q', '-b', 'main', repo])
  await writeFile(path.join(repo, 'source'), 'from the repo\n')
  await git('add', 'source')
  await git('commit', '-qm', 'first')
  return (await git('rev-parse', 'HEAD')).trim()
}

const config = (more: Partial<RunnerConfig> = {}): RunnerConfig => ({
  dataDir: path.join(directory, 'data'),
  layersDir: path.join(directory, 'layers'),
  idsDir: path.join(directory, 'ids'),
  redisUrl: redis.url,
  redisPrefix: 'test',
  platform,
  machine: 'here',
  heartbeatMs: 200,
  limits: { graceMs: 300 },
  ...more,
})

async function start(more: Partial<RunnerConfig> = {}): Promise<RunningRunner> {
  const runner = await startRunner(config(more))
  runners.push(runner)
  return runner
}

async function enqueue(job: StageJob, labels = {}): Promise<void> {
  const connection = new Redis(redis.url, { maxRetriesPerRequest: null })
  const queue = new Queue(stageQueue(platform, labels), { connection, prefix: keys.bullPrefix })
  await queue.add('stage', job, { jobId: stageJobId(job.stageId, job.attempt) })
  await queue.close()
  connection.disconnect()
}

/** Jobs that nobody has taken. */
async function waiting(): Promise<number> {
  const connection = new Redis(redis.url, { maxRetriesPerRequest: null })
  const queue = new Queue(stageQueue(platform), { connection, prefix: keys.bullPrefix })
  const count = await queue.getWaitingCount()
  await queue.close()
  connection.disconnect()
  return count
}

function checkoutJob(commands: string[], stageId = 1): StageJob {
  const repo = path.join(directory, 'repo')
  const steps = [
    { kind: 'clone', name: 'clone', dependsOn: [] } as const,
    step('build', commands, { dependsOn: ['clone'] }),
  ]
  return makeJob(steps, {
    stageId,
    commit,
    repo: { id: 1, slug: 'a/b', cloneUrl: repo, allowFileTransport: true },
    plan: { clone: { disabled: false } },
  })
}

function ended(stageId = 1): UplinkMessage | undefined {
  return collector.messages.find(
    (message) =>
      (message.type === 'stage.finished' || message.type === 'stage.abandoned') &&
      message.stageId === stageId,
  )
}

/** Text of the step that `checkoutJob` calls build. */
function buildLog(stageId = 1): string {
  const records = collector.log(stageId, 1, 2).split('\n').filter(Boolean)
  return records.map((line) => (JSON.parse(line) as { out: string }).out).join('')
}

const spoolDir = (): string => path.join(directory, 'data', 'runner', 'spool')

describe('startRunner', () => {
  it('takes a stage, checks it out, runs it, reports it and keeps nothing', async () => {
    await start()
    await enqueue(checkoutJob(['cat source']))
    await until('the stage has ended', () => ended() !== undefined)
    expect(ended()).toMatchObject({ type: 'stage.finished', status: 'success' })
    expect(collector.messages.map((message) => message.type)[0]).toBe('stage.started')
    expect(buildLog()).toBe('+ cat source\nfrom the repo\n')
    await until('the spool is gone', async () => (await readdir(spoolDir())).length === 0)
  })

  it('tells what a step uses with its heartbeats while it runs, and with its end', async () => {
    await start()
    await enqueue(checkoutJob(['sleep 4']))
    const told = () =>
      collector.heartbeats.flatMap((beat) => (beat.type === 'heartbeat' ? (beat.usage ?? []) : []))
    await until('two reports have come', () => told().length >= 2)
    expect(told()[0]).toMatchObject({
      stageId: 1,
      attempt: 1,
      step: 2,
      totals: { pidsPeak: expect.any(Number) },
    })
    expect(told()[1]!.totals.wallMs).toBeGreaterThan(told()[0]!.totals.wallMs)
    await until('the stage has ended', () => ended() !== undefined)
    const end = collector.messages.find((one) => one.type === 'step.finished' && one.step === 2)
    expect(end).toMatchObject({ usage: { wallMs: expect.any(Number) } })
    expect(end).toHaveProperty('series.length', expect.any(Number))
  })

  it('takes stages that ask for its labels, and no others', async () => {
    await start({ labels: { gpu: 'yes' } })
    await enqueue(checkoutJob(['true'], 1))
    await enqueue(checkoutJob(['true'], 2), { gpu: 'yes', region: 'eu' })
    await enqueue(checkoutJob(['true'], 3), { gpu: 'yes' })
    await until('its stage has ended', () => ended(3) !== undefined)
    expect(collector.messages.some((message) => 'stageId' in message && message.stageId < 3)).toBe(
      false,
    )
  })

  it('refuses a data directory that another runner uses', async () => {
    await start()
    await expect(start()).rejects.toMatchObject({ code: 'SP_RUNNER_DATA_IN_USE' })
  })

  it('drops a stage that it is not granted', async () => {
    await start()
    collector.refuse(1, 1, 'somebody else has it')
    await enqueue(checkoutJob(['true']))
    await enqueue(checkoutJob(['true'], 2))
    await until('the other stage has ended', () => ended(2) !== undefined)
    const ofFirst = collector.messages.filter(
      (message) => 'stageId' in message && message.stageId === 1,
    )
    expect(ofFirst.map((message) => message.type)).toEqual(['stage.started'])
  })

  it('runs as many stages at once as its capacity, and no more', async () => {
    await start({ capacity: 2 })
    for (const id of [1, 2, 3]) await enqueue(checkoutJob(['echo up', 'sleep 1000'], id))
    const up = (): number => [1, 2, 3].filter((id) => buildLog(id).includes('\nup\n')).length
    await until('two run', () => up() === 2)
    const claims = collector.messages.filter((message) => message.type === 'stage.started')
    expect(claims).toHaveLength(2)
  })

  it('stops a stage that is cancelled and reports it as killed', async () => {
    const runner = await start()
    await enqueue(checkoutJob(['echo up', 'sleep 1000']))
    await until('it runs', () => buildLog().includes('\nup\n'))
    const ref = { stageId: 1, attempt: 1 }
    await collector.cancel(runner.session, {
      type: 'cancel',
      kind: 'cancelled',
      reason: 'by ada',
      ...ref,
    })
    await until('the stage has ended', () => ended() !== undefined)
    expect(ended()).toMatchObject({ status: 'killed', error: 'cancelled: by ada' })
  })

  it('stops a stage that has become stale and says nothing more about it', async () => {
    const runner = await start()
    await enqueue(checkoutJob(['echo up', 'sleep 1000']))
    await until('it runs', () => buildLog().includes('\nup\n'))
    const ref = { stageId: 1, attempt: 1 }
    await collector.cancel(runner.session, { type: 'cancel', kind: 'stale', reason: '', ...ref })
    await until('the spool is gone', async () => (await readdir(spoolDir())).length === 0)
    await runner.close({ mode: 'drain' })
    expect(ended()).toBeUndefined()
  })

  it('goes on while Redis is away, and ships everything when it is back', async () => {
    await start()
    await enqueue(checkoutJob(['echo up', 'sleep 0.5', 'seq 20000', 'echo down']))
    await until('it runs', () => buildLog().includes('\nup\n'))
    await redis.down()
    const spool = path.join(spoolDir(), '1-1', '2.ndjson')
    await until('it is done', async () => (await readFile(spool, 'utf8')).includes('"down'))
    await redis.up()
    await until('the stage has ended', () => ended() !== undefined)
    expect(ended()).toMatchObject({ status: 'success' })
    const numbers = buildLog()
      .split('\n')
      .filter((line) => /^\d+$/.test(line))
    expect(numbers).toEqual(Array.from({ length: 20_000 }, (_, index) => String(index + 1)))
  })

  it('loses nothing when Redis is flushed under it', async () => {
    await start()
    await enqueue(checkoutJob(['echo up', 'seq 20000', 'sleep 0.3', 'echo down']))
    await until('it runs', () => buildLog().includes('\nup\n'))
    collector.isPaused = true
    await collector.flushAll()
    collector.isPaused = false
    await until('the stage has ended', () => ended() !== undefined)
    const numbers = buildLog()
      .split('\n')
      .filter((line) => /^\d+$/.test(line))
    expect(numbers).toEqual(Array.from({ length: 20_000 }, (_, index) => String(index + 1)))
    await enqueue(checkoutJob(['true'], 2))
    await until('it still takes stages', () => ended(2) !== undefined)
  })

  it('lets running stages end when it drains', async () => {
    const runner = await start()
    await enqueue(checkoutJob(['echo up', 'sleep 0.5', 'echo done']))
    await until('it runs', () => buildLog().includes('\nup\n'))
    await runner.close({ mode: 'drain' })
    expect(ended()).toMatchObject({ type: 'stage.finished', status: 'success' })
    expect(buildLog()).toContain('\ndone\n')
    expect(await readdir(spoolDir())).toEqual([])
  })

  it('kills what runs and gives it back when it aborts', async () => {
    const runner = await start()
    await enqueue(checkoutJob([`trap '' TERM`, 'echo up', 'while true; do sleep 0.1; done']))
    await until('it runs', () => buildLog().includes('\nup\n'))
    const closing = runner.close({ mode: 'drain' })
    await runner.abort()
    await closing
    expect(ended()).toMatchObject({ type: 'stage.abandoned' })
    const own = path.join(directory, 'data', 'runner')
    for (const name of ['stages', 'trash', 'spool'])
      expect(await readdir(path.join(own, name))).toEqual([])
    expect(await readdir(directory)).not.toContain('ids')
  })

  it('gives its data directory free, for the next one under the same id', async () => {
    const first = await start()
    await first.close({ mode: 'drain' })
    const second = await start()
    expect(second.id).toBe(first.id)
    expect(second.session).not.toBe(first.session)
  })
})

describe('a runner whose disk is full', () => {
  const MIB = 1024 * 1024
  const fullText = /^the runner’s disk is full: .*; nothing starts until there is room$/
  let disk: SmallDisk
  let said: string[]

  beforeEach(async () => {
    disk = await makeSmallDisk()
    said = []
    const say = (_: object, message: string): void => void said.push(message)
    await start({
      dataDir: path.join(disk.directory, 'data'),
      diskReserveBytes: 20 * MIB,
      limits: { graceMs: 300, diskBytes: 100 * MIB, workspaceBytes: 100 * MIB },
      log: { ...silentLog, info: say, warn: say },
    })
    disk.fill(15 * MIB)
  })

  afterEach(async () => {
    for (const runner of runners) await runner.abort()
    await disk.remove()
  })

  const saidFull = (): number => said.filter((message) => fullText.test(message)).length

  it('takes no stage, says so once, and takes them when there is room', async () => {
    await enqueue(checkoutJob(['cat source'], 1))
    await until('it has seen that', () => saidFull() > 0)
    await enqueue(checkoutJob(['cat source'], 2))
    await until('both wait', async () => (await waiting()) === 2)
    expect(collector.messages.filter(({ type }) => type !== 'heartbeat')).toEqual([])
    disk.empty()
    await until('both have ended', () => ended(1) !== undefined && ended(2) !== undefined)
    expect([ended(1), ended(2)]).toMatchObject([{ status: 'success' }, { status: 'success' }])
    expect(saidFull()).toBe(1)
    expect(said.filter((message) => message.includes('room on the disk again'))).toHaveLength(1)
  })

  it('leaves the stage to another one', async () => {
    await enqueue(checkoutJob(['cat source']))
    await until('it has seen that', () => saidFull() > 0)
    await start({ dataDir: path.join(directory, 'other'), machine: 'other' })
    await until('the stage has ended', () => ended() !== undefined)
    expect(ended()).toMatchObject({ type: 'stage.finished', status: 'success' })
    expect(collector.messages[0]).toMatchObject({ type: 'stage.started', machine: 'other' })
  })
})
