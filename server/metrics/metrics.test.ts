import { afterAll, beforeAll, describe, expect, it } from '@jest/globals'
import { ADMIN_TOKEN, AUTHORIZED, HttpFixture } from '../http/testing/fixture.js'
import { addGauges } from './gauges.js'
import { Metrics } from './metrics.js'

const METRICS_TOKEN = 'a-token-for-prometheus'
let fixture: HttpFixture
beforeAll(async () => {
  fixture = await HttpFixture.open({ metricsToken: METRICS_TOKEN })
  await fixture.addRepo('octo', 'hello', 'a-hook-secret')
})
afterAll(() => fixture.close())

async function scrape(token: string | undefined) {
  const headers = token === undefined ? {} : { authorization: `Bearer ${token}` }
  return fixture.app.inject({ url: '/metrics', headers })
}

describe('GET /metrics', () => {
  it('is for who has one of its tokens, which opens nothing else', async () => {
    expect((await scrape(METRICS_TOKEN)).statusCode).toBe(200)
    expect((await scrape(ADMIN_TOKEN)).statusCode).toBe(200)
    for (const token of [undefined, '', 'wrong', `${METRICS_TOKEN}x`]) {
      const answer = await scrape(token)
      expect(answer.statusCode).toBe(401)
      expect(answer.json()).toMatchObject({ code: 'SP_HTTP_UNAUTHORIZED' })
    }
    const headers = { authorization: `Bearer ${METRICS_TOKEN}` }
    const answer = await fixture.app.inject({ url: '/api/repos', headers })
    expect(answer.statusCode).toBe(401)
  })

  it('counts requests by the pattern of their route, whatever senders put in addresses', async () => {
    await fixture.app.inject({ url: '/api/repos/octo/hello', headers: AUTHORIZED })
    await fixture.app.inject({ url: `/api/repos/octo/${'x'.repeat(50)}`, headers: AUTHORIZED })
    await fixture.app.inject({ url: '/no/such/address' })
    await fixture.app.inject({ method: 'POST', url: '/hooks/github?repo=octo/hello', payload: 'x' })
    const { body } = await scrape(METRICS_TOKEN)
    const count = 'sandpiper_http_request_duration_seconds_count'
    const shown = '{method="GET",route="/api/repos/:owner/:name",status="200"}'
    expect(body).toContain(`${count}${shown} 1\n`)
    expect(body).toContain(`${count}${shown.replace('200', '404')} 1\n`)
    expect(body).toContain('route="none",status="404"} 1\n')
    expect(body).not.toContain('xxx')
    expect(body).toContain('sandpiper_webhook_deliveries_total{forge="github",status="401"} 1\n')
  })
})

const STAGE = { buildId: 1, stageId: 2 }

describe('what is measured', () => {
  it('is in seconds, and never less than none', async () => {
    const metrics = new Metrics()
    metrics.observe({ kind: 'stage.started', ...STAGE, waitMs: 1500 })
    metrics.observe({ kind: 'stage.started', ...STAGE, waitMs: -20 })
    metrics.observe({ kind: 'step.finished', status: 'success', durationMs: 2000, startMs: 3 })
    metrics.observe({ kind: 'stage.finished', ...STAGE, status: 'failure', durationMs: 3000 })
    metrics.observe({ kind: 'build.finished', buildId: 1, status: 'failure', durationMs: 4000 })
    metrics.observe({ kind: 'log.readable', lagMs: 250 })
    const text = await metrics.registry.metrics()
    expect(text).toContain('sandpiper_queue_wait_seconds_sum 1.5\n')
    expect(text).toContain('sandpiper_queue_wait_seconds_count 2\n')
    expect(text).toContain('sandpiper_sandbox_start_seconds_sum 0.003\n')
    expect(text).toContain('sandpiper_step_duration_seconds_sum{status="success"} 2\n')
    expect(text).toContain('sandpiper_stage_duration_seconds_sum{status="failure"} 3\n')
    expect(text).toContain('sandpiper_build_duration_seconds_sum{status="failure"} 4\n')
    expect(text).toContain('sandpiper_log_lag_seconds_sum 0.25\n')
  })

  it('has what the database says of the queue, and what works', async () => {
    await fixture.runningStep('octo', 'hello')
    const metrics = new Metrics()
    const health = [
      { name: 'database', required: true, ok: true, detail: '' },
      { name: 'redis', required: true, ok: false, detail: 'away' },
    ]
    const { db } = fixture
    addGauges(metrics.registry, {
      db,
      clock: { now: () => Date.now() },
      health: () => Promise.resolve(health),
    })
    const text = await metrics.registry.metrics()
    expect(text).toMatch(/sandpiper_stages\{queue="[^"]*",status="running"\} 1\n/)
    expect(text).toContain('sandpiper_builds_to_ingest 1\n')
    expect(text).toContain('sandpiper_up{part="database"} 1\n')
    expect(text).toContain('sandpiper_up{part="redis"} 0\n')
  })

  it('leaves out what the database can not tell', async () => {
    const metrics = new Metrics()
    const other = await HttpFixture.open()
    const { db } = other
    const health = (): Promise<[]> => Promise.resolve([])
    addGauges(metrics.registry, { db, clock: { now: () => 0 }, health })
    await other.close()
    expect(await metrics.registry.metrics()).not.toMatch(/^sandpiper_stages\{/m)
  })
})
