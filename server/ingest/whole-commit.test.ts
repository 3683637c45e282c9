import { afterEach, beforeEach, describe, expect, it } from '@jest/globals'
import { SIMPLE, TestServer } from '../testing/test-server.js'

let test: TestServer
beforeEach(async () => {
  test = await TestServer.start()
})
afterEach(() => test.stop())

const isOver = ({ build }: { build: { plan_json: string | null; status: string } }) =>
  build.plan_json !== null || build.status !== 'pending'

describe('an event without the whole id of its commit', () => {
  it('gets it from the tag of a release', async () => {
    const repo = await test.addRepo()
    const named = `${SIMPLE}trigger: { event: release }\n`
    const commit = await test.git.commit({ '.pipeline.yml': named })
    await test.git.git('tag', '--annotate', '--message', 'one', 'v1')
    const facts = { event: 'release', ref: 'refs/tags/v1', branch: '' } as const
    const { build } = await test.push(repo, '', facts)
    const detail = await test.build(repo, build!.number, isOver)
    expect(detail.build).toMatchObject({ error: '', after: commit })
    expect(JSON.parse(detail.build.event_json)).toMatchObject({ after: commit })
  })

  it('gets it from the branch of a pull request, if that still begins so', async () => {
    const repo = await test.addRepo()
    const commit = await test.git.commit({ '.pipeline.yml': SIMPLE })
    const facts = {
      event: 'pull_request',
      ref: 'refs/pull-requests/1/from',
      sourceBranch: 'main',
    } as const
    const { build } = await test.push(repo, commit.slice(0, 12), facts)
    const detail = await test.build(repo, build!.number, isOver)
    expect(detail.build).toMatchObject({ error: '', after: commit })

    const moved = await test.push(repo, 'abcdef012345', facts)
    const other = await test.build(repo, moved.build!.number, isOver)
    expect(other.build.error).toContain('refs/heads/main has moved on from abcdef012345')
  })

  it('is never looked for on a branch of the same name when it is in a fork', async () => {
    const repo = await test.addRepo()
    const commit = await test.git.commit({ '.pipeline.yml': SIMPLE })
    const facts = {
      event: 'pull_request',
      ref: 'refs/pull-requests/1/from',
      sourceBranch: 'main',
      sourceRepo: 'mallory/n',
    } as const
    const { build } = await test.push(repo, commit.slice(0, 12), facts)
    const detail = await test.build(repo, build!.number, isOver)
    expect(detail.build.error).toContain('is in mallory/n')
  })
})

describe('the events that few pipelines are written for', () => {
  it('are noted from what the files of the default branch name', async () => {
    const repo = await test.addRepo()
    const named = SIMPLE.replace('steps:', 'trigger: {event: [push, release]}\nsteps:')
    const optional = async () => (await test.server.services.repos.find('o', 'n'))!.optional_events
    for (const [file, expected] of [
      [named, 'release'],
      [SIMPLE, ''],
    ] as const) {
      const commit = await test.git.commit({ '.pipeline.yml': file })
      const { build } = await test.push(repo, commit)
      await test.build(repo, build!.number, isOver)
      expect(await optional()).toBe(expected)
    }
    // What a fork says opens nothing.
    const commit = await test.git.commit({ '.pipeline.yml': named })
    const { build } = await test.push(repo, commit, { sourceRepo: 'mallory/n' })
    await test.build(repo, build!.number, isOver)
    expect(await optional()).toBe('')
  })
})
