import { afterEach, beforeEach, describe, expect, it } from '@jest/globals'
import { readdir, readFile, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { until } from './testing/until.js'
import { pingSocket } from './redis/ping.js'
import { PIPELINE, SIMPLE, TestServer } from './testing/test-server.js'

let test: TestServer
beforeEach(async () => {
  test = await TestServer.start()
})
afterEach(() => test.stop())

describe('the server', () => {
  it('makes a push a build whose stages run in their order', async () => {
    const repo = await test.addRepo()
    const commit = await test.git.commit({ '.pipeline.yml': PIPELINE })
    const { build } = await test.push(repo, commit)
    expect(build).toMatchObject({ number: 1, status: 'pending', after: commit })
    const runner = test.runner()
    const order: string[] = []
    runner.work(async (job) => {
      order.push(job.stage.name)
      expect(job).toMatchObject({ commit, attempt: 1, repo: { slug: 'o/n' } })
      expect(job.environment).toMatchObject({ CI: 'true', DRONE_BUILD_NUMBER: '1' })
      await runner.succeed(job)
    })
    const detail = await test.ended(repo, 1)
    expect(order).toEqual(['first', 'second'])
    expect(detail.build).toMatchObject({ status: 'success', error: '' })
    for (const { stage, steps } of detail.stages) {
      expect(stage).toMatchObject({ status: 'success', machine: 'm', session: runner.session })
      for (const step of steps) {
        expect(step).toMatchObject({ status: 'success', error: '', log_lines: 1 })
        expect(JSON.parse(step.usage_json!)).toEqual({ cpuMs: 1, memoryPeakBytes: 2, wallMs: 3 })
        expect(await test.logText(stage.id, 1, step.number)).toContain(`step ${step.number}`)
      }
    }
  })

  it('answers on its address and keeps its files from other users', async () => {
    const { address, adminToken } = test.server
    const response = await fetch(`${address}/healthz`)
    expect(response.status).toBe(200)
    expect((await readFile(join(test.dataDir, 'admin-token'), 'utf8')).trim()).toBe(adminToken)
    const names = await readdir(test.dataDir)
    expect(names).toEqual(expect.arrayContaining(['admin-token', 'server.key', 'sandpiper.db']))
    for (const name of names) {
      const { mode } = await stat(join(test.dataDir, name))
      expect([name, mode & 0o077]).toEqual([name, 0])
    }
    await until(async () => (await test.server.services.health()).every((check) => check.ok))
    expect((await fetch(`${address}/readyz`)).status).toBe(200)
  })

  it('refuses a second server on its directory', async () => {
    const first = test.server
    await expect(test.startServer()).rejects.toMatchObject({ code: 'SP_SERVER_DATA_IN_USE' })
    await until(async () => (await first.services.health()).every((check) => check.ok))
  })

  it('brings a Redis of its own along, with which it ends', async () => {
    await test.server.close()
    await test.startServer({ redis: { private: true } })
    const { redisUrl } = test.server
    expect(redisUrl.startsWith(test.dataDir)).toBe(true)
    const repo = await test.addRepo()
    await test.push(repo, await test.git.commit({ '.pipeline.yml': SIMPLE }))
    test.runner({ redisUrl }).work()
    expect((await test.ended(repo, 1)).build.status).toBe('success')
    await test.server.close()
    expect(await pingSocket(redisUrl)).toBe('away')
  })

  it('goes on with a build after a restart, and takes what was sent meanwhile', async () => {
    const repo = await test.addRepo()
    await test.push(repo, await test.git.commit({ '.pipeline.yml': SIMPLE }))
    const runner = test.runner()
    let release = (): void => undefined
    const released = new Promise<void>((resolve) => (release = resolve))
    runner.work(async (job) => {
      if (!(await runner.claim(job))) return
      await released
      runner.step(job, 1, ['hello\n', 'world\n'])
      runner.finish(job)
      await runner.acknowledged()
    })
    await test.build(repo, 1, ({ build }) => build.status === 'running')
    await test.server.close()
    release()
    await test.startServer()
    const { build, stages } = await test.ended(repo, 1)
    expect(build.status).toBe('success')
    expect(stages[0]!.stage.attempt).toBe(1)
    expect(stages[0]!.steps[0]).toMatchObject({ status: 'success', error: '', log_lines: 2 })
  })

  it('runs ten builds that are pushed at once, each once', async () => {
    const repo = await test.addRepo()
    const commit = await test.git.commit({ '.pipeline.yml': PIPELINE })
    const results = await Promise.all(Array.from({ length: 10 }, () => test.push(repo, commit)))
    expect(new Set(results.map(({ build }) => build!.number)).size).toBe(10)
    test.runner().work()
    test.runner().work()
    for (let number = 1; number <= 10; number++) {
      expect((await test.ended(repo, number)).build.status).toBe('success')
    }
  })

  it('takes pushes while Redis is away and runs them when it is back', async () => {
    const repo = await test.addRepo()
    const commit = await test.git.commit({ '.pipeline.yml': SIMPLE })
    await test.stopRedis()
    const { build } = await test.push(repo, commit)
    expect(build).toMatchObject({ status: 'pending' })
    const redis = (await test.server.services.health()).find(({ name }) => name === 'redis')
    expect(redis).toMatchObject({ ok: false })
    await test.startRedis()
    test.runner().work()
    expect((await test.ended(repo, 1)).build.status).toBe('success')
  })

  it('ends while Redis is away', async () => {
    const repo = await test.addRepo()
    await test.stopRedis()
    await test.push(repo, await test.git.commit({ '.pipeline.yml': SIMPLE }))
    await test.server.close()
    await test.startRedis()
    await test.startServer()
    expect((await test.server.services.builds.find(repo, 1))!.build.number).toBe(1)
  })
})

describe('a wiped Redis', () => {
  it('loses no build that waits', async () => {
    const repo = await test.addRepo()
    const commit = await test.git.commit({ '.pipeline.yml': PIPELINE })
    for (let i = 0; i < 5; i++) await test.push(repo, commit)
    for (let i = 1; i <= 5; i++) await test.build(repo, i, ({ stages }) => stages.length === 2)
    const runner = test.runner()
    await runner.redis.flushall()
    runner.work()
    for (let i = 1; i <= 5; i++) {
      expect((await test.ended(repo, i)).build.status).toBe('success')
    }
  })

  it('loses nothing of builds that run, and no line of their logs', async () => {
    const repo = await test.addRepo()
    const commit = await test.git.commit({ '.pipeline.yml': PIPELINE })
    for (let i = 0; i < 6; i++) await test.push(repo, commit)
    const runner = test.runner()
    runner.work()
    const wiper = setInterval(() => void runner.redis.flushall(), 150)
    try {
      for (let i = 1; i <= 6; i++) {
        const { build, stages } = await test.ended(repo, i)
        expect(build.status).toBe('success')
        for (const { steps } of stages) expect(steps[0]).toMatchObject({ error: '', log_lines: 1 })
      }
    } finally {
      clearInterval(wiper)
    }
  })
})
