import { afterEach, beforeEach, describe, expect, it } from '@jest/globals'
import { truncate } from 'node:fs/promises'
import { join } from 'node:path'
import { encodeUplinkEntry } from '../../protocol/uplink.js'
import type { UplinkMessage } from '../../protocol/uplink.js'
import type { BuildDetail, Repo } from '../services.js'
import type { FakeRunner } from '../testing/fake-runner.js'
import { logOf, summaryOf } from '../testing/fake-runner.js'
import { SIMPLE, TestServer } from '../testing/test-server.js'
import { TEST_STORE } from '../testing/test-database.js'
import { until } from '../testing/until.js'

const itOnSqlite = TEST_STORE === 'SQLite' ? it : it.skip

let test: TestServer
let repo: Repo
let runner: FakeRunner
beforeEach(async () => {
  test = await TestServer.start()
  repo = await test.addRepo()
  runner = test.runner()
})
afterEach(() => test.stop())

/** A build with one stage that waits for a runner; the first attempt of that. */
async function pendingStage(): Promise<{ number: number; ref: { stageId: number; attempt: 1 } }> {
  const commit = await test.git.commit({ '.pipeline.yml': SIMPLE })
  const { build } = await test.push(repo, commit)
  const { number } = build!
  const detail = await test.build(repo, number, ({ stages }) => stages.length > 0)
  return { number, ref: { stageId: detail.stages[0]!.stage.id, attempt: 1 } }
}

async function find(number: number): Promise<BuildDetail> {
  return (await test.server.services.builds.find(repo, number))!
}

/** Puts a message on the stream that the runner does not count. */
async function smuggle(session: string, seq: number, message: UplinkMessage): Promise<void> {
  const entry = encodeUplinkEntry({ session, seq, message })
  await runner.redis.xadd(runner.keys.uplinkOf(session), '*', ...entry)
}

/** Waits until the server has taken everything from the stream. */
const drained = (): Promise<boolean> =>
  until(async () => {
    const lengths = await Promise.all(runner.keys.uplinks.map((key) => runner.redis.xlen(key)))
    return lengths.every((length) => length === 0)
  })

const started = (ref: { stageId: number; attempt: number }): UplinkMessage => ({
  type: 'stage.started',
  stageId: ref.stageId,
  attempt: ref.attempt,
  machine: 'm',
  at: 1,
})

describe('claiming a stage', () => {
  it('gives it to the first session that asks and a stale cancel to the others', async () => {
    const { number, ref } = await pendingStage()
    const others = [test.runner(), test.runner(), test.runner()]
    const granted = await Promise.all([runner, ...others].map((each) => each.claim(ref)))
    expect(granted.filter(Boolean)).toHaveLength(1)
    const winner = [runner, ...others][granted.indexOf(true)]!
    const { stage } = (await find(number)).stages[0]!
    expect(stage).toMatchObject({ status: 'running', session: winner.session })
    expect((await find(number)).build.status).toBe('running')
  })

  it('refuses an attempt that is not the current one, and a stage that does not exist', async () => {
    const { ref } = await pendingStage()
    expect(await runner.claim({ ...ref, attempt: 2 })).toBe(false)
    expect(await runner.claim({ stageId: 4711, attempt: 1 })).toBe(false)
    expect(await runner.claim(ref)).toBe(true)
  })

  it('refuses again when the answer was lost in a crash between commit and cancel', async () => {
    const { ref } = await pendingStage()
    expect(await runner.claim(ref)).toBe(true)
    await smuggle('late', 1, started(ref))
    await drained()
    // As if the server had died after it had stored that the message was applied.
    await runner.redis.del(runner.keys.cancels('late'), runner.keys.acks)
    await smuggle('late', 1, started(ref))
    await drained()
    expect(await runner.redis.hlen(runner.keys.cancels('late'))).toBe(1)
    expect(await runner.redis.hget(runner.keys.acks, 'late')).toBe('1')
  })

  it('does not refuse a claim that arrived behind a gap', async () => {
    const { number, ref } = await pendingStage()
    await smuggle('s', 2, started(ref))
    await drained()
    expect(await runner.redis.exists(runner.keys.cancels('s'))).toBe(0)
    expect(await runner.redis.hget(runner.keys.acks, 's')).toBeNull()
    await smuggle('s', 1, { type: 'heartbeat', machine: 'm', stages: [] })
    await smuggle('s', 2, started(ref))
    await until(async () => (await find(number)).stages[0]!.stage.session === 's')
    expect(await runner.redis.exists(runner.keys.cancels('s'))).toBe(0)
  })
})

describe('messages', () => {
  it('are applied in order and once, however often they come', async () => {
    const { number, ref } = await pendingStage()
    const session = 's'
    const [one, two] = [logOf(['a\n']), logOf(['b\n'], 1)]
    const log = { type: 'log', ...ref, step: 1 } as const
    const end = summaryOf(one + two, 2)
    const finished = { type: 'step.finished', ...ref, step: 1, at: 5, log: end } as const
    const messages: UplinkMessage[] = [
      started(ref),
      { type: 'step.started', ...ref, step: 1, at: 2 },
      { ...log, offset: 0, data: one },
      { ...log, offset: one.length, data: two },
      { ...finished, status: 'failure', exitCode: 3, error: 'e', usage: null },
      { type: 'stage.finished', ...ref, status: 'failure', error: 'stage', at: 6 },
    ]
    for (const seq of [1, 2, 4, 3, 1, 2, 3, 4, 6, 4, 5, 6, 3, 1, 6]) {
      await smuggle(session, seq, messages[seq - 1]!)
    }
    const { build, stages } = await test.ended(repo, number)
    expect(build.status).toBe('failure')
    expect(stages[0]!.stage).toMatchObject({ status: 'failure', error: 'stage', exit_code: 3 })
    expect(stages[0]!.steps[0]).toMatchObject({ status: 'failure', error: 'e', exit_code: 3 })
    await until(async () => (await runner.redis.hget(runner.keys.acks, session)) === '6')
    expect(await test.logText(ref.stageId, 1, 1)).toBe(one + two)
  })

  it('tell what a step has used so far, which what it used in all comes after', async () => {
    const { number, ref } = await pendingStage()
    const usageOf = (wallMs: number) => ({
      totals: { cpuMs: 1, memoryPeakBytes: 2, wallMs },
      series: [[wallMs, 1]],
    })
    const beat = (wallMs: number): UplinkMessage => {
      const usage = [{ ...ref, step: 1, ...usageOf(wallMs) }]
      return { type: 'heartbeat', machine: 'm', stages: [ref], usage }
    }
    const known = async () => {
      const step = (await find(number)).stages[0]!.steps[0]!
      const series = await test.server.services.builds.usageSeries(step)
      return { totals: JSON.parse(step.usage_json ?? 'null') as unknown, series }
    }
    await smuggle('s', 1, started(ref))
    await smuggle('s', 2, beat(5))
    await drained()
    expect(await known()).toEqual({ totals: null, series: [] })
    await smuggle('s', 3, { type: 'step.started', ...ref, step: 1, at: 2 })
    await smuggle('s', 4, beat(10))
    await drained()
    await until(async () => (await known()).series.length === 1)
    expect(await known()).toEqual(usageOf(10))
    await smuggle('other', 1, beat(11))
    const { totals: usage, series } = usageOf(12)
    const end = { status: 'success', error: '', exitCode: 0, at: 3, log: summaryOf('', 0) } as const
    await smuggle('s', 5, { type: 'step.finished', ...ref, step: 1, ...end, usage, series })
    await smuggle('s', 6, beat(13))
    await until(async () => (await runner.redis.hget(runner.keys.acks, 's')) === '6')
    expect(await known()).toEqual(usageOf(12))
  })

  it('that are none are dropped, and do not hold up their session', async () => {
    const { ref } = await pendingStage()
    const [uplink = ''] = runner.keys.uplinks
    await runner.redis.xadd(uplink, '*', 'nonsense', 'x')
    await runner.redis.xadd(uplink, '*', 'session', 's', 'seq', 'NaN', 'body', '{}')
    await runner.redis.xadd(uplink, '*', 'session', 's', 'seq', '1', 'body', 'no json')
    await runner.redis.xadd(uplink, '*', 'session', 's', 'seq', '2', 'body', '{"type":"new.kind"}')
    await runner.redis.xadd(
      ...([uplink, '*', 'session', 's', 'seq', '3', 'body'] as const),
      JSON.stringify({ type: 'log', stageId: '../../x', attempt: 1, step: 1, offset: 0 }),
    )
    await smuggle('s', 4, started(ref))
    await until(async () => (await runner.redis.hget(runner.keys.acks, 's')) === '4')
    expect(await runner.redis.exists(runner.keys.cancels('s'))).toBe(0)
  })

  it('of a session that does not hold the attempt change nothing and are answered', async () => {
    const { number, ref } = await pendingStage()
    expect(await runner.claim(ref)).toBe(true)
    const stranger = test.runner()
    stranger.step(ref, 1, [], { status: 'failure', exitCode: 9 })
    stranger.finish(ref, 'failure')
    await stranger.acknowledged()
    const { build, stages } = await find(number)
    expect(build.status).toBe('running')
    expect(stages[0]!.steps[0]).toMatchObject({ status: 'pending', exit_code: 0 })
    await until(() => stranger.cancelOf(ref)?.kind === 'stale')
    expect(runner.cancelOf(ref)).toBeUndefined()
  })

  it('that the database has lost, though they were acknowledged, are not waited for', async () => {
    const { number, ref } = await pendingStage()
    await runner.redis.hset(runner.keys.acks, 's', '41')
    await smuggle('s', 42, started(ref))
    await until(async () => (await find(number)).stages[0]!.stage.session === 's')
    expect(await runner.redis.hget(runner.keys.acks, 's')).toBe('42')
  })
})

describe('logs', () => {
  // In Postgres there is no file to lose.
  itOnSqlite(
    'of which the archive has lost a part say so, go on, and mark their step',
    async () => {
      const { number, ref } = await pendingStage()
      await runner.claim(ref)
      const [one, two] = [logOf(['a\n', 'b\n', 'c\n', 'd\n']), logOf(['e\n'], 4)]
      runner.send({ type: 'step.started', ...ref, step: 1, at: 1 })
      runner.send({ type: 'log', ...ref, step: 1, offset: 0, data: one })
      await runner.acknowledged()
      await test.server.close()
      await truncate(join(test.dataDir, 'logs', String(ref.stageId), '1', '1.ndjson'), 0)
      await test.startServer()
      runner.send({ type: 'log', ...ref, step: 1, offset: one.length, data: two })
      runner.finishStep(ref, 1, summaryOf(one + two, 5))
      runner.finish(ref)
      const { stages } = await test.ended(repo, number)
      const lines = (await test.logText(ref.stageId, 1, 1)).split('\n')
      expect(JSON.parse(lines[0]!)).toMatchObject({
        out: `[the server lost ${one.length} bytes of this log here]\n`,
      })
      expect(`${lines[1]!}\n`).toBe(two)
      expect(stages[0]!.steps[0]!.error).toContain('the log is damaged: its checksum')
    },
  )

  it('that are shorter than the runner says mark their step', async () => {
    const { number, ref } = await pendingStage()
    await runner.claim(ref)
    runner.finishStep(ref, 1, summaryOf('something', 1))
    runner.finish(ref)
    const { stages } = await test.ended(repo, number)
    expect(stages[0]!.steps[0]).toMatchObject({
      status: 'success',
      log_bytes: 0,
      error: 'the log is damaged: 0 bytes are archived, the runner sent 9',
    })
  })

  it('wake those who follow them, and again when their step has ended', async () => {
    const { ref } = await pendingStage()
    await runner.claim(ref)
    let calls = 0
    const log = { stageId: ref.stageId, attempt: 1, step: 1 }
    const end = test.server.services.logs.watch(log, () => calls++)
    const data = logOf(['a\n'])
    runner.send({ type: 'log', ...ref, step: 1, offset: 0, data })
    await until(() => calls === 1)
    runner.finishStep(ref, 1, summaryOf(data, 1))
    await until(() => calls === 2)
    end()
    runner.finish(ref)
    await runner.acknowledged()
    expect(calls).toBe(2)
  })

  it('of an attempt or a step that never was are not kept', async () => {
    const { ref } = await pendingStage()
    const data = logOf(['a\n'])
    runner.send({ type: 'log', stageId: ref.stageId, attempt: 9, step: 1, offset: 0, data })
    runner.send({ type: 'log', ...ref, step: 77, offset: 0, data })
    runner.send({ type: 'log', stageId: 99, attempt: 1, step: 1, offset: 0, data })
    await runner.acknowledged()
    expect(await test.logText(ref.stageId, 9, 1)).toBe('')
    expect(await test.logText(ref.stageId, 1, 77)).toBe('')
    expect(await test.logText(99, 1, 1)).toBe('')
  })
})

describe('a stage that ends', () => {
  it('ends the steps that have not', async () => {
    const { number, ref } = await pendingStage()
    await runner.claim(ref)
    runner.send({ type: 'step.started', ...ref, step: 2, at: 1 })
    runner.finish(ref, 'error', 'the sandbox broke')
    const { build, stages } = await test.ended(repo, number)
    expect(build.status).toBe('error')
    expect(stages[0]!.steps.map(({ status }) => status)).toEqual(['skipped', 'killed'])
  })

  it('is not told to stop, and its cancellation is forgotten', async () => {
    const { number, ref } = await pendingStage()
    await runner.claim(ref)
    await test.server.services.builds.cancel(repo, number)
    await until(() => runner.cancelOf(ref)?.kind === 'cancelled')
    runner.finish(ref, 'killed', 'cancelled')
    const { build } = await test.ended(repo, number)
    expect(build.status).toBe('killed')
    await runner.acknowledged()
    expect(await runner.redis.exists(runner.keys.cancels(runner.session))).toBe(0)
  })
})
