import { mkdir, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises'
import os from 'node:os'
import path from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals'
import { redisKeys } from '../protocol/keys.js'
import { encodeLogRecord } from '../protocol/log-record.js'
import type { AttemptMessage, UplinkMessage } from '../protocol/uplink.js'
import { silentLog } from './log.js'
import { writeAttemptFile } from './spool/attempt-file.js'
import { listLeftovers, shipLeftovers, sweepStages } from './sweep.js'
import { Collector } from './testing/collector.js'
import { TestRedis } from './testing/redis-process.js'
import { Trash } from './trash.js'
import { Uplink } from './uplink/uplink.js'

const keys = redisKeys('test')
const record = (pos: number): string => encodeLogRecord({ pos, out: `line ${pos}\n`, time: 0 })

let redis: TestRedis
let collector: Collector
let uplink: Uplink
let directory: string

beforeEach(async () => {
  redis = await TestRedis.start()
  collector = new Collector(redis.url, keys)
  uplink = new Uplink({
    redisUrl: redis.url,
    keys,
    machine: 'm',
    heartbeatMs: 5000,
    log: silentLog,
  })
  directory = await mkdtemp(path.join(os.tmpdir(), 'sandpiper-sweep-'))
})

afterEach(async () => {
  await uplink.close()
  await collector.close()
  await redis.remove()
  await rm(directory, { recursive: true })
})

async function ship(): Promise<UplinkMessage['type'][]> {
  const names = await listLeftovers(directory)
  await shipLeftovers(names, { spoolDir: directory, uplink, log: silentLog })
  return collector.messages.map((message) => message.type)
}

async function makeSpool(finished: boolean, logs: Record<string, string>): Promise<void> {
  const spool = path.join(directory, '9-2')
  await mkdir(spool)
  const ref = { stageId: 9, attempt: 2 }
  const states: AttemptMessage[] = [{ type: 'step.started', ...ref, step: 1, at: 1 }]
  const end = { type: 'stage.finished', ...ref, status: 'success', error: '', at: 2 } as const
  if (finished) states.push(end)
  await writeAttemptFile(spool, { ...ref, session: 'dead', states, finished })
  for (const [name, text] of Object.entries(logs)) await writeFile(path.join(spool, name), text)
}

describe('shipLeftovers', () => {
  it('ships every log to its last whole record, then gives the attempt up', async () => {
    await makeSpool(false, {
      '1.ndjson': `${record(0)}${record(1)}{"pos":2,"ou`,
      '2.ndjson': record(0),
    })
    const types = await ship()
    expect(types.at(-1)).toBe('stage.abandoned')
    expect(types.filter((type) => type !== 'log')).toEqual(['stage.abandoned'])
    expect(collector.log(9, 2, 1)).toBe(`${record(0)}${record(1)}`)
    expect(collector.log(9, 2, 2)).toBe(record(0))
    expect(await readdir(directory)).toEqual([])
  })

  it('tells the end of an attempt that had come to it', async () => {
    await makeSpool(true, { '1.ndjson': record(0) })
    expect(await ship()).toEqual(['log', 'step.started', 'stage.finished', 'stage.abandoned'])
    const end = collector.messages.find(({ type }) => type === 'stage.finished')
    expect(end).toMatchObject({ holder: 'dead' })
  })

  it('throws away what makes no sense and goes on', async () => {
    await mkdir(path.join(directory, '1-1'))
    await writeFile(path.join(directory, '1-1', 'attempt.json'), '{"stageId": ')
    await makeSpool(false, {})
    expect(await ship()).toEqual(['stage.abandoned'])
    expect(await readdir(directory)).toEqual([])
  })
})

describe('sweepStages', () => {
  it('removes whatever is there, however deep', async () => {
    const stages = path.join(directory, 'stages')
    let deep = path.join(stages, '1-1')
    for (let level = 0; level < 12; level++) deep = path.join(deep, 'd'.repeat(250))
    await mkdir(deep, { recursive: true })
    const trash = await Trash.open(path.join(directory, 'trash'), silentLog)
    await sweepStages(stages, trash)
    expect(await readdir(stages)).toEqual([])
    await trash.idle()
    expect(await readdir(path.join(directory, 'trash'))).toEqual([])
  })

  it('goes on with what a dead runner had thrown away', async () => {
    await mkdir(path.join(directory, 'trash', 'abc', 'x'), { recursive: true })
    const trash = await Trash.open(path.join(directory, 'trash'), silentLog)
    await trash.idle()
    expect(await readdir(path.join(directory, 'trash'))).toEqual([])
  })
})
