import { afterEach, beforeEach, describe, expect, it } from '@jest/globals'
import type { BuildEvent } from '../../pipelines/event.js'
import { deploymentReading } from '../hooks/deployment.js'
import type { Repo } from '../services.js'
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

describe('a deployment that a forge tells of', () => {
  const deployment = (commit: string, ref: string): BuildEvent => {
    const names = { environment: 'preview', task: 'deploy', description: '', link: '' }
    const who = { author: { login: 'preview-app' }, sender: 'preview-app' }
    const asked = { id: 1, commit, ref, defaultBranch: 'main', payload: {}, ...names, ...who }
    return deploymentReading(asked).events[0]!
  }
  const built = async (repo: Repo, commit: string, ref: string) => {
    const { build } = await test.push(repo, commit, deployment(commit, ref))
    return (await test.build(repo, build!.number, isOver)).build
  }

  it('is built when its commit is on the branch or tag, or on the default branch', async () => {
    const repo = await test.addRepo()
    const commit = await test.git.commit({ '.pipeline.yml': SIMPLE })
    await test.git.git('tag', '--annotate', '--message', 'one', 'v1')
    await test.git.commit({ later: '' })
    for (const ref of ['main', 'v1', commit, 'refs/tags/v1']) {
      expect(await built(repo, commit, ref)).toMatchObject({ error: '', after: commit })
    }
    // What is for some branches alone is not for tags that are called as these.
    expect(await built(repo, commit, 'v1')).toMatchObject({ ref: 'refs/tags/v1', branch: '' })
    expect(await built(repo, commit, 'main')).toMatchObject({ branch: 'main' })
  })

  it('is not built when its commit is of a fork, by whatever name', async () => {
    const repo = await test.addRepo()
    await test.git.commit({ '.pipeline.yml': SIMPLE })
    await test.git.git('config', 'uploadpack.allowAnySHA1InWant', 'true')
    const evil = await test.git.git('commit-tree', '-p', 'HEAD', '-m', 'evil', 'HEAD^{tree}')
    const fork = evil.trim()
    await test.git.git('update-ref', 'refs/pull/1/head', fork)
    for (const ref of [fork, 'main']) {
      const { error, status } = await built(repo, fork, ref)
      expect([status, error]).toEqual([
        'error',
        expect.stringContaining(`commit ${fork} is not on refs/heads/main of the repo`),
      ])
    }
    const { error } = await built(repo, fork, 'patch-1')
    expect(error).toContain('the repo has no refs/heads/patch-1')
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
