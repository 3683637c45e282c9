import { afterEach, beforeEach, describe, expect, it } from '@jest/globals'
import { rename } from 'node:fs/promises'
import type { BuildRow } from '../store/builds.js'
import { SIMPLE, TestServer } from '../testing/test-server.js'

let test: TestServer
beforeEach(async () => {
  test = await TestServer.start()
})
afterEach(() => test.stop())

async function result(file: string | null): Promise<BuildRow> {
  const repo = await test.addRepo()
  const commit = await test.git.commit(file === null ? { other: '' } : { '.pipeline.yml': file })
  const { build } = await test.push(repo, commit)
  return (await test.ended(repo, build!.number)).build
}

describe('ingest', () => {
  it('tells all that is wrong with a file, with line and column', async () => {
    const { status, error } = await result(`kind: pipeline
type: exec
name: a
stepz: []
steps:
  - name: b
    comands: [x]
`)
    expect(status).toBe('error')
    expect(error).toMatch(/^\.pipeline\.yml:4:1: error SP_PIPELINE_/m)
    expect(error).toMatch(/^\.pipeline\.yml:7:5: error SP_PIPELINE_/m)
  })

  it('says when there is no file', async () => {
    const { status, error, after } = await result(null)
    expect(status).toBe('error')
    expect(error).toContain(`no pipeline file at commit ${after}: looked for .pipeline.yml, `)
    expect(error).toContain('hint: add .pipeline.yml to the repo')
  })

  it('says when the file is too large', async () => {
    const { status, error } = await result(`# ${'x'.repeat(1024 * 1024)}\n${SIMPLE}`)
    expect(status).toBe('error')
    expect(error).toContain('.pipeline.yml')
  })

  it('says when there is no such commit', async () => {
    const repo = await test.addRepo()
    await test.git.commit({ '.pipeline.yml': SIMPLE })
    await test.push(repo, '0123456789'.repeat(4))
    const { build } = await test.ended(repo, 1)
    expect(build.status).toBe('error')
    expect(build.error).toContain('0123456789'.repeat(4))
  })

  it('says when the repo is not there, after a few tries', async () => {
    const repo = await test.addRepo()
    const commit = await test.git.commit({ '.pipeline.yml': SIMPLE })
    await rename(test.git.path, `${test.git.path}.away`)
    await test.push(repo, commit)
    const { build } = await test.ended(repo, 1)
    expect(build.status).toBe('error')
    expect(build.error).not.toBe('')
    expect(build.plan_json).toBeNull()
  })

  it('goes on when the repo comes back between two tries', async () => {
    await test.server.close()
    await test.startServer({ ingest: { attemptsMax: 1_000, backoffMs: 1 } })
    const repo = await test.addRepo()
    const commit = await test.git.commit({ '.pipeline.yml': SIMPLE })
    await rename(test.git.path, `${test.git.path}.away`)
    await test.push(repo, commit)
    await rename(`${test.git.path}.away`, test.git.path)
    test.runner().work()
    expect((await test.ended(repo, 1)).build.status).toBe('success')
  })

  it('skips a build none of whose pipelines wants the event, and says why', async () => {
    const { status, error } = await result(`${SIMPLE}trigger:\n  event: [tag]\n`)
    expect(status).toBe('skipped')
    expect(error).toMatch(/^only: .*push/)
  })

  it('makes one set of stages, however often it is done', async () => {
    const repo = await test.addRepo()
    const commit = await test.git.commit({ '.pipeline.yml': SIMPLE })
    await test.push(repo, commit)
    await test.build(repo, 1, ({ stages }) => stages.length > 0)
    const runner = test.runner()
    // Forgotten by Redis and asked for again by every round of the reconciler.
    for (let i = 0; i < 3; i++) await runner.redis.flushall()
    runner.work()
    const { stages } = await test.ended(repo, 1)
    expect(stages).toHaveLength(1)
    expect(stages[0]!.steps.map(({ name }) => name)).toEqual(['clone', 'hello'])
  })
})

describe('ingest of a file with parameters', () => {
  const DECLARING = `${SIMPLE}parameters:
  replicas: { type: integer, maximum: 20, default: 2 }
  version: { required: true }
`
  const paramsOf = ({ event_json }: BuildRow) =>
    (JSON.parse(event_json) as { params: unknown }).params

  it('gives builds of any event the defaults', async () => {
    const repo = await test.addRepo()
    const commit = await test.git.commit({ '.pipeline.yml': DECLARING })
    await test.push(repo, commit)
    const { build } = await test.build(repo, 1, ({ stages }) => stages.length > 0)
    expect(paramsOf(build)).toEqual({ replicas: '2' })
  })

  it('ends a build by hand whose values do not fit, and says where each was declared', async () => {
    const repo = await test.addRepo()
    await test.git.commit({ '.pipeline.yml': DECLARING })
    const params = { replicas: '21', verison: 'v1' }
    const { number } = await test.server.services.builds.create(repo, { params }, 'ann')
    const { build } = await test.ended(repo, number)
    expect(build.status).toBe('error')
    const lines = build.error.split('\n').filter((line) => /error|hint/.test(line))
    expect(lines).toEqual([
      expect.stringMatching(/error SP_PIPELINE_PARAMETER: .*declares no parameter `verison`$/),
      expect.stringContaining('did you mean `version`?'),
      expect.stringMatching(/`replicas` is `21`, but it must be a whole number, at most 20$/),
      expect.anything(),
      expect.stringMatching(/the parameter `version` is required, and was not given$/),
      expect.anything(),
    ])
  })

  it('keeps the values of a build that is restarted', async () => {
    const repo = await test.addRepo()
    await test.git.commit({ '.pipeline.yml': DECLARING })
    const params = { replicas: '+7', version: 'v1' }
    await test.server.services.builds.create(repo, { params }, 'ann')
    test.runner().work()
    await test.ended(repo, 1)
    await test.server.services.builds.restart(repo, 1, { params: { version: 'v2' } })
    const { build } = await test.ended(repo, 2)
    expect([build.status, paramsOf(build)]).toEqual(['success', { replicas: '7', version: 'v2' }])
  })
})
