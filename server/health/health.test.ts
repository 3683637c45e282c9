import { afterAll, beforeAll, describe, expect, it } from '@jest/globals'
import type { Redis } from 'ioredis'
import { HttpFixture } from '../http/testing/fixture.js'
import { updateStage } from '../store/stages.js'
import { UplinkHealth } from '../uplink/health.js'
import { checkHealth } from './health.js'
import { healthProbes } from './probes.js'

const REDIS = { ping: () => Promise.resolve('PONG') } as unknown as Redis

describe('checkHealth', () => {
  it('tells what fails and what does not answer, and waits for neither', async () => {
    const checks = await checkHealth([
      { name: 'a', required: true, look: () => Promise.resolve('') },
      { name: 'b', required: false, look: () => Promise.reject(new Error('broken')) },
      { name: 'c', required: true, look: () => new Promise(() => undefined) },
    ])
    expect(checks).toEqual([
      { name: 'a', required: true, ok: true, detail: '' },
      { name: 'b', required: false, ok: false, detail: expect.stringContaining('broken') },
      { name: 'c', required: true, ok: false, detail: 'it did not answer within 2 s' },
    ])
  })
})

describe('what the server looks at', () => {
  let fixture: HttpFixture
  beforeAll(async () => {
    fixture = await HttpFixture.open()
    await fixture.addRepo('octo', 'hello', 'a-hook-secret')
  })
  afterAll(() => fixture.close())

  async function failing(now: number): Promise<Record<string, string>> {
    const clock = { now: () => now }
    const uplink = new UplinkHealth(clock, 1_000)
    uplink.caughtUp()
    const { db } = fixture
    const probes = healthProbes({ db, redis: REDIS, uplink, clock, dataDir: '/proc' })
    const checks = await checkHealth(probes)
    return Object.fromEntries(checks.filter(({ ok }) => !ok).map((it) => [it.name, it.detail]))
  }

  it('has patience with builds and stages that wait, for a minute', async () => {
    const { stageId } = await fixture.runningStep('octo', 'hello')
    const change = { status: 'pending', queue: 'stage-linux-amd64', updated: Date.now() } as const
    await updateStage(fixture.db, stageId, { ...change, queued: Date.now() })
    expect(await failing(Date.now())).toEqual({})
    const later = await failing(Date.now() + 61_000)
    expect(later).toEqual({
      ingest: expect.stringContaining('1 builds have waited'),
      runners: expect.stringContaining('no runner is there for stage-linux-amd64'),
    })
  })
})
