import { afterEach, beforeEach, describe, expect, it } from '@jest/globals'
import { readFile, readdir } from 'node:fs/promises'
import { join } from 'node:path'
import type { Repo } from '../services.js'
import { PIPELINE, SIMPLE, TestServer, pushEvent } from '../testing/test-server.js'
import { until } from '../testing/until.js'

let test: TestServer
beforeEach(async () => {
  test = await TestServer.start()
})
afterEach(() => test.stop())

const COMMIT = 'a'.repeat(40)
const delivery = (deliveryId: string, bodySha256: string) => ({
  forge: 'git',
  deliveryId,
  bodySha256,
  event: 'push',
})

describe('deliveries', () => {
  it('that come again, by id or by body, give what the first one made', async () => {
    const repo = await test.addRepo()
    const { builds } = test.server.services
    const event = pushEvent(COMMIT)
    const first = await builds.accept(repo, delivery('1', 'x'), [event], '')
    expect(first).toMatchObject({ duplicate: false, build: { number: 1 } })
    for (const again of [delivery('1', 'y'), delivery('2', 'x'), delivery('1', 'x')]) {
      const result = await builds.accept(repo, again, [event], '')
      expect(result).toMatchObject({ duplicate: true, build: { number: 1 } })
    }
    expect(await builds.list(repo, { limit: 10, offset: 0 })).toHaveLength(1)
  })

  it('that come twenty times at once make one build', async () => {
    const repo = await test.addRepo()
    const { builds } = test.server.services
    const same = Array.from({ length: 20 }, () =>
      builds.accept(repo, delivery('1', 'x'), [pushEvent(COMMIT)], ''),
    )
    const results = await Promise.all(same)
    expect(results.filter(({ duplicate }) => !duplicate)).toHaveLength(1)
    expect(new Set(results.map(({ build }) => build!.number))).toEqual(new Set([1]))
  })

  it('of the same id are different ones for another repo or forge', async () => {
    const [one, two] = [await test.addRepo('one'), await test.addRepo('two')]
    const { builds } = test.server.services
    const event = pushEvent(COMMIT)
    await builds.accept(one, delivery('1', 'x'), [event], '')
    expect((await builds.accept(two, delivery('1', 'x'), [event], '')).duplicate).toBe(false)
    const other = { ...delivery('1', 'x'), forge: 'github' }
    expect((await builds.accept(one, other, [event], '')).build?.number).toBe(2)
  })

  it('that make no build are remembered with their reason', async () => {
    const repo = await test.addRepo()
    const { builds } = test.server.services
    const ping = await builds.accept(repo, delivery('1', 'x'), [], 'a ping')
    expect(ping).toEqual({ duplicate: false, build: null, builds: [], reason: 'a ping' })
    const again = await builds.accept(repo, delivery('1', 'x'), [pushEvent(COMMIT)], '')
    expect(again).toEqual({ duplicate: true, build: null, builds: [], reason: 'a ping' })
  })
})

describe('builds', () => {
  it('are listed newest first, page by page', async () => {
    const repo = await test.addRepo()
    for (let i = 0; i < 5; i++) await test.push(repo, COMMIT)
    const { builds } = test.server.services
    const page = await builds.list(repo, { limit: 2, offset: 1 })
    expect(page.map(({ number }) => number)).toEqual([4, 3])
    expect((await builds.latest(repo))!.build.number).toBe(5)
    expect(await builds.find(repo, 6)).toBeNull()
  })

  it('can be restarted: a new one of the same commit that names the old one', async () => {
    const repo = await test.addRepo()
    const commit = await test.git.commit({ '.pipeline.yml': SIMPLE })
    await test.push(repo, commit)
    test.runner().work()
    await test.ended(repo, 1)
    const again = await test.server.services.builds.restart(repo, 1)
    expect(again).toMatchObject({ number: 2, parent: 1, after: commit, status: 'pending' })
    expect((await test.ended(repo, 2)).build.status).toBe('success')
    expect(await test.server.services.builds.restart(repo, 9)).toBeNull()
  })

  it('that wait are cancelled at once, and no runner gets them', async () => {
    const repo = await test.addRepo()
    await test.push(repo, await test.git.commit({ '.pipeline.yml': PIPELINE }))
    const { stages } = await test.build(repo, 1, (detail) => detail.stages.length === 2)
    const detail = await test.server.services.builds.cancel(repo, 1)
    expect(detail!.build).toMatchObject({ status: 'killed' })
    expect(detail!.build.finished).toBeGreaterThan(0)
    for (const { stage, steps } of detail!.stages) {
      expect(stage.status).toBe('killed')
      expect(steps.every(({ status }) => status === 'killed')).toBe(true)
    }
    const { id } = stages[0]!.stage
    expect(await test.runner().claim({ stageId: id, attempt: 1 })).toBe(false)
  })

  it('that run are cancelled through their runner, which may miss the message', async () => {
    const repo = await test.addRepo()
    await test.push(repo, await test.git.commit({ '.pipeline.yml': PIPELINE }))
    const { stages } = await test.build(repo, 1, (detail) => detail.stages.length === 2)
    const runner = test.runner()
    const ref = { stageId: stages[0]!.stage.id, attempt: 1 }
    await runner.claim(ref)
    const detail = await test.server.services.builds.cancel(repo, 1)
    expect(detail!.stages.map(({ stage }) => stage.status)).toEqual(['running', 'killed'])
    await runner.redis.flushall()
    await until(() => runner.cancelOf(ref)?.kind === 'cancelled')
    runner.finish(ref, 'killed', 'cancelled')
    expect((await test.ended(repo, 1)).build.status).toBe('killed')
    expect((await test.server.services.builds.cancel(repo, 1))!.build.status).toBe('killed')
    expect(await test.server.services.builds.cancel(repo, 9)).toBeNull()
  })
})

describe('repos', () => {
  it('keep their hook secret sealed in the database', async () => {
    const { repos } = test.server.services
    const cloneUrl = 'https://example.org/o/n.git'
    const { hookSecret } = await repos.add({ owner: 'o', name: 'n', cloneUrl })
    await repos.add({ owner: 'o', name: 'm', cloneUrl, hookSecret: 'my very own secret' })
    expect(hookSecret).toMatch(/^[0-9a-f]{64}$/)
    const secrets = await repos.hookSecretsOf('all', 2)
    expect(secrets?.map(({ secret }) => secret)).toEqual([hookSecret, 'my very own secret'])
    expect(await repos.hookSecretsOf('all', 1)).toBeNull()
    const named = async (...names: string[]) =>
      (await repos.hookSecretsOf(names, 2))?.map(({ repo }) => repo.name)
    expect(await named('o/n', 'x/m')).toEqual(['n'])
    expect(await named('~o/n')).toEqual(['n'])
    expect(await named('m', 'a/b/n', 'o/n')).toEqual(['n', 'm'])
    expect(await named('o')).toEqual([])
    expect((await repos.hookSecrets('o/m'))[0]).toMatchObject({ secret: 'my very own secret' })
    expect(await repos.hookSecrets('o/x')).toEqual([])
    expect(await repos.hookSecrets('o/m/x')).toEqual([])
    for (const name of await readdir(test.dataDir)) {
      if (!name.startsWith('sandpiper.db')) continue
      const file = await readFile(join(test.dataDir, name), 'latin1')
      expect(file).not.toContain(hookSecret)
      expect(file).not.toContain('my very own secret')
    }
  })

  it('are there once', async () => {
    const repo = await test.addRepo()
    await expect(test.addRepo()).rejects.toMatchObject({ code: 'SP_REPO_EXISTS' })
    expect(await test.server.services.repos.list()).toEqual([repo])
    expect(repo).not.toHaveProperty('hook_secret')
    expect(repo).toMatchObject({ allow_file_transport: 1, default_branch: 'main' })
  })

  it('are removed with their builds and logs, and their runners stop', async () => {
    const repo: Repo = await test.addRepo()
    await test.push(repo, await test.git.commit({ '.pipeline.yml': SIMPLE }))
    const { stages } = await test.build(repo, 1, (detail) => detail.stages.length === 1)
    const ref = { stageId: stages[0]!.stage.id, attempt: 1 }
    const runner = test.runner()
    await runner.claim(ref)
    runner.step(ref, 1, ['hello\n'])
    await runner.acknowledged()
    expect(await test.server.services.repos.remove('o', 'n')).toBe(true)
    expect(await test.server.services.repos.find('o', 'n')).toBeNull()
    expect(await test.server.services.builds.find(repo, 1)).toBeNull()
    // On Postgres they are in the database.
    expect(await readdir(join(test.dataDir, 'logs')).catch(() => [])).toEqual([])
    expect(await test.logText(ref.stageId, ref.attempt, 1)).toBe('')
    expect(await readdir(join(test.dataDir, 'mirrors'))).not.toContain(`${repo.id}.git`)
    await until(() => runner.cancelOf(ref)?.kind === 'stale')
    runner.finish(ref)
    await runner.acknowledged()
    expect(await test.server.services.repos.remove('o', 'n')).toBe(false)
    expect(await test.addRepo()).not.toMatchObject({ id: repo.id })
  })
})
