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
