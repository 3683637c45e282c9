import { mkdtemp, readdir, rm } from 'node:fs/promises'
import os from 'node:os'
import path from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals'
import { Redis } from 'ioredis'
import type { Cancel } from '../../protocol/downlink.js'
import { redisKeys } from '../../protocol/keys.js'
import { silentLog } from '../log.js'
import { Collector } from '../testing/collector.js'
import { TestRedis } from '../testing/redis-process.js'
import { until } from '../testing/until.js'
import { AttemptReport } from './attempt-report.js'
import { Uplink } from './uplink.js'

const keys = redisKeys('test')
const ref = { stageId: 3, attempt: 1 }

let redis: TestRedis
let collector: Collector
let uplink: Uplink
let directory: string

beforeEach(async () => {
  redis = await TestRedis.start()
  collector = new Collector(redis.url, keys)
  uplink = makeUplink()
  directory = await mkdtemp(path.join(os.tmpdir(), 'sandpiper-uplink-'))
})

afterEach(async () => {
  await uplink.close()
  await collector.close()
  await redis.remove()
  await rm(directory, { recursive: true })
})

function makeUplink(heartbeatMs = 200): Uplink {
  return new Uplink({ redisUrl: redis.url, keys, machine: 'm', heartbeatMs, log: silentLog })
}

async function openReport(): Promise<AttemptReport> {
  const lane = uplink.openLane(ref)
  const spool = path.join(directory, '3-1')
  return AttemptReport.open({ lane, uplink, directory: spool, log: silentLog })
}

/** A numbered line for each number, as a step would print them. */
function lines(from: number, to: number): Buffer {
  let text = ''
  for (let index = from; index < to; index++) text += `line ${index} ${'.'.repeat(40)}\n`
  return Buffer.from(text)
}

const endOfStep = {
  step: 1,
  status: 'success',
  exitCode: 0,
  error: '',
  usage: null,
  at: 0,
} as const

function outOf(log: string): string {
  const records = log.trimEnd().split('\n')
  return records.map((line) => (JSON.parse(line) as { out: string }).out).join('')
}

describe('Uplink', () => {
  it('brings logs and states to the server in order and forgets them when acknowledged', async () => {
    const report = await openReport()
    report.stepStarted(1, 5)
    await report.output(1, Buffer.from('hello\n'), 'stdout')
    await report.stepFinished(endOfStep)
    report.finished({ status: 'success', error: '' })
    await report.settle()
    expect(collector.messages.map((message) => message.type)).toEqual([
      'step.started',
      'log',
      'step.finished',
      'stage.finished',
    ])
    expect(outOf(collector.log(3, 1, 1))).toBe('hello\n')
    expect(await readdir(directory)).toEqual([])
  })

  it('is granted a stage that nobody refuses', async () => {
    const claim = await uplink.claim(uplink.openLane(ref), () => undefined)
    expect(claim).toEqual({ granted: true })
    expect(collector.messages).toMatchObject([{ type: 'stage.started', stageId: 3, machine: 'm' }])
  })

  it('takes no for an answer, also when only the hash tells it', async () => {
    collector.refuse(3, 1, 'attempt 2 is current')
    const claim = await uplink.claim(uplink.openLane(ref), () => undefined)
    expect(claim).toEqual({ granted: false, reason: 'attempt 2 is current' })
  })

  it('hears of a cancellation whose publication it missed', async () => {
    const heard: Cancel[] = []
    await uplink.claim(uplink.openLane(ref), (cancel) => heard.push(cancel))
    const client = new Redis(redis.url)
    const cancel: Cancel = { type: 'cancel', kind: 'cancelled', reason: 'why not', ...ref }
    await client.hset(keys.cancels(uplink.session), '3.1', JSON.stringify(cancel))
    client.disconnect()
    await until('the cancellation is heard', () => heard.length > 0)
    expect(heard).toEqual([cancel])
  })

  it('names the stages it holds in its heartbeats until they are released', async () => {
    await uplink.claim(uplink.openLane(ref), () => undefined)
    const last = (): string => JSON.stringify(collector.heartbeats.at(-1) ?? null)
    await until('a heartbeat names it', () => last().includes('"stageId":3'))
    uplink.release(ref)
    await until('a heartbeat does not', () => last().includes('"stages":[]'))
  })

  it('keeps no more than one heartbeat waiting', async () => {
    collector.isPaused = true
    const client = new Redis(redis.url)
    await until('one is sent', async () => (await client.xlen(keys.uplinkOf(uplink.session))) === 1)
    // Each heartbeat also polls, with one HGET.
    await client.config('RESETSTAT')
    await until('five more were due', async () => {
      const stats = await client.info('commandstats')
      return Number(/cmdstat_hget:calls=(\d+)/.exec(stats)?.[1] ?? 0) >= 5
    })
    expect(await client.xlen(keys.uplinkOf(uplink.session))).toBe(1)
    client.disconnect()
  })

  it('has at most the window under way while the server is away', async () => {
    collector.isPaused = true
    const report = await openReport()
    report.stepStarted(1, 0)
    for (let part = 0; part < 200; part++)
      await report.output(1, lines(part * 1000, (part + 1) * 1000), 'stdout')
    const client = new Redis(redis.url)
    const sent = async (): Promise<number> => {
      const entries = await client.xrange(keys.uplinkOf(uplink.session), '-', '+')
      return entries.reduce((sum, [, fields]) => sum + (fields[7]?.length ?? 0), 0)
    }
    await until('the window is full', async () => (await sent()) >= 4 * 1024 * 1024)
    expect(await sent()).toBeLessThanOrEqual(4 * 1024 * 1024 + 128 * 1024)
    client.disconnect()
    collector.isPaused = false
    await report.stepFinished(endOfStep)
    report.finished({ status: 'success', error: '' })
    await report.settle()
    expect(outOf(collector.log(3, 1, 1))).toBe(lines(0, 200_000).toString())
  })

  it('loses and doubles nothing when Redis is flushed in the middle', async () => {
    const report = await openReport()
    report.stepStarted(1, 0)
    for (let part = 0; part < 20; part++) {
      await report.output(1, lines(part * 500, (part + 1) * 500), 'stdout')
      if (part === 7) collector.isPaused = true
      if (part !== 12) continue
      await collector.flushAll()
      collector.isPaused = false
    }
    await report.stepFinished(endOfStep)
    report.finished({ status: 'success', error: '' })
    await report.settle()
    expect(outOf(collector.log(3, 1, 1))).toBe(lines(0, 10_000).toString())
    expect(collector.messages.filter((message) => message.type !== 'log')).toHaveLength(3)
  })

  it('loses and doubles nothing when Redis is killed and comes back', async () => {
    const report = await openReport()
    report.stepStarted(1, 0)
    await report.output(1, lines(0, 5000), 'stdout')
    await until('some of it arrived', () => collector.messages.length > 1)
    await redis.down()
    await report.output(1, lines(5000, 20_000), 'stdout')
    await report.stepFinished(endOfStep)
    report.finished({ status: 'success', error: '' })
    await redis.up()
    await report.settle()
    expect(outOf(collector.log(3, 1, 1))).toBe(lines(0, 20_000).toString())
  })
})
