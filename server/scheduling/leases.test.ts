import { afterEach, describe, expect, it } from '@jest/globals'
import type { BuildDetail, Repo } from '../services.js'
import type { FakeRunner } from '../testing/fake-runner.js'
import { PIPELINE, SIMPLE, TestServer } from '../testing/test-server.js'
import { until } from '../testing/until.js'

let test: TestServer
afterEach(() => test.stop())

const LEASE_MS = 700

async function start(leaseMs = LEASE_MS): Promise<Repo> {
  test = await TestServer.start({ leaseMs })
  return test.addRepo()
}

async function push(repo: Repo, file = SIMPLE): Promise<number> {
  const { build } = await test.push(repo, await test.git.commit({ '.pipeline.yml': file }))
  const { number } = build!
  await test.build(repo, number, ({ stages }) => stages.length > 0)
  return number
}

/** A stage in its current attempt. */
async function refOf(
  repo: Repo,
  number: number,
): Promise<{ stageId: number; attempt: number; status: string; error: string }> {
  const detail: BuildDetail | null = await test.server.services.builds.find(repo, number)
  const { id, attempt, status, error } = detail!.stages[0]!.stage
  return { stageId: id, attempt, status, error }
}

/** Claims the stage, starts its first step and is never heard of again. */
async function claimAndDie(ref: { stageId: number; attempt: number }): Promise<void> {
  const runner = test.runner({ heartbeatMs: 1e6 })
  const { stageId, attempt } = ref
  expect(await runner.claim({ stageId, attempt })).toBe(true)
  runner.send({ type: 'step.started', stageId, attempt, step: 1, at: 1 })
  await runner.acknowledged()
  await runner.die()
}

const attemptIs = (repo: Repo, number: number, attempt: number): Promise<unknown> =>
  until(async () => (await refOf(repo, number)).attempt === attempt)

describe('a runner that is lost', () => {
  it('costs its stage one attempt; the next one starts from the first step', async () => {
    const repo = await start()
    const number = await push(repo)
    await claimAndDie(await refOf(repo, number))
    await attemptIs(repo, number, 2)
    const { stage, steps } = (await test.server.services.builds.find(repo, number))!.stages[0]!
    expect(stage.error).toContain('attempt 1 was lost: no heartbeat from runner m')
    expect(steps.map(({ status }) => status)).toEqual(['pending', 'pending'])
    test.runner().work()
    const { build, stages } = await test.ended(repo, number)
    expect(build.status).toBe('success')
    expect(stages[0]!.stage).toMatchObject({ status: 'success', attempt: 2, error: '' })
  })

  it('three times ends the stage, says so, and lets what depends on it be decided', async () => {
    const repo = await start()
    const number = await push(repo, PIPELINE)
    for (const attempt of [1, 2, 3]) {
      await attemptIs(repo, number, attempt)
      await claimAndDie(await refOf(repo, number))
    }
    const { build, stages } = await test.ended(repo, number)
    expect(build.status).toBe('error')
    expect(stages.map(({ stage }) => stage.status)).toEqual(['error', 'skipped'])
    expect(stages[0]!.stage.error).toContain('runner lost 3 times: no heartbeat')
  })

  it('and comes back is told to stop, and what it reports changes nothing', async () => {
    const repo = await start()
    const number = await push(repo)
    const ref = await refOf(repo, number)
    const silent = test.runner({ heartbeatMs: 1e6 })
    await silent.claim(ref)
    await attemptIs(repo, number, 2)
    await until(() => silent.cancelOf(ref)?.kind === 'stale')
    silent.step(ref, 1, ['late\n'])
    silent.finish(ref)
    await silent.acknowledged()
    expect(await refOf(repo, number)).toMatchObject({ status: 'pending', attempt: 2 })
    expect(await test.logText(ref.stageId, 1, 1)).toContain('late')
  })

  it('under a cancelled build ends it', async () => {
    const repo = await start()
    const number = await push(repo)
    await claimAndDie(await refOf(repo, number))
    await test.server.services.builds.cancel(repo, number)
    const { build, stages } = await test.ended(repo, number)
    expect(build.status).toBe('killed')
    expect(stages[0]!.stage).toMatchObject({ status: 'killed', attempt: 1 })
  })

  it('is given up at once when its successor says so', async () => {
    const repo = await start(60_000)
    const number = await push(repo)
    const ref = await refOf(repo, number)
    await claimAndDie(ref)
    const { stageId, attempt } = ref
    const successor: FakeRunner = test.runner()
    successor.send({ type: 'stage.abandoned', stageId, attempt, reason: 'power loss' })
    successor.send({ type: 'stage.abandoned', stageId, attempt, reason: 'power loss' })
    await attemptIs(repo, number, 2)
    await successor.acknowledged()
    expect(await refOf(repo, number)).toMatchObject({
      attempt: 2,
      status: 'pending',
      error: 'attempt 1 was lost: power loss',
    })
    expect(successor.cancelOf(ref)).toBeUndefined()
  })
})

describe('a lease', () => {
  it('is kept by heartbeats for as long as they come', async () => {
    const repo = await start()
    const number = await push(repo)
    const ref = await refOf(repo, number)
    const runner = test.runner()
    await runner.claim(ref)
    const before = runner.acked
    // Far more heartbeats than fit into one lease.
    await runner.acknowledged(before + 30)
    expect(await refOf(repo, number)).toMatchObject({ attempt: 1, status: 'running' })
  })

  it('does not end while Redis is away, nor just after', async () => {
    const repo = await start()
    const number = await push(repo)
    const ref = await refOf(repo, number)
    const runner = test.runner()
    await runner.claim(ref)
    await test.stopRedis()
    const { stage } = (await test.server.services.builds.find(repo, number))!.stages[0]!
    await until(() => Date.now() > stage.lease_until + LEASE_MS)
    await test.startRedis()
    const before = runner.acked
    await runner.acknowledged(before + 3)
    expect(await refOf(repo, number)).toMatchObject({ attempt: 1, status: 'running' })
  })

  it('does not end because the server was away', async () => {
    const repo = await start()
    const number = await push(repo)
    const ref = await refOf(repo, number)
    const runner = test.runner()
    await runner.claim(ref)
    const { stage } = (await test.server.services.builds.find(repo, number))!.stages[0]!
    await test.server.close()
    await until(() => Date.now() > stage.lease_until + LEASE_MS)
    await test.startServer({ leaseMs: LEASE_MS })
    const before = runner.acked
    await runner.acknowledged(before + 20)
    expect(await refOf(repo, number)).toMatchObject({ attempt: 1, status: 'running' })
  })
})
