import { afterEach, beforeEach, describe, expect, it } from '@jest/globals'
import type { Updateable } from 'kysely'
import type { BuildDetail, Repo } from '../services.js'
import type { RepoTable } from '../store/schema.js'
import { TestServer } from '../testing/test-server.js'
import { until } from '../testing/until.js'

const THREE = `
kind: pipeline
type: exec
name: compile
steps: [{ name: make, commands: [echo made] }]
---
kind: pipeline
type: exec
name: test
depends_on: [compile]
steps: [{ name: check, commands: [echo checked] }]
---
kind: pipeline
type: exec
name: lint
steps: [{ name: look, commands: [echo looked] }]
`

let test: TestServer
let repo: Repo
let commit: string
beforeEach(async () => {
  test = await TestServer.start()
  repo = await test.addRepo()
  commit = await test.git.commit({ '.pipeline.yml': THREE })
})
afterEach(() => test.stop())

const builds = () => test.server.services.builds

/** Changes settings as the API of repos does. */
async function set(change: Updateable<RepoTable>): Promise<void> {
  const db = await test.db()
  await db.updateTable('repos').set(change).where('id', '=', repo.id).execute()
}

function statusesOf({ build, stages }: BuildDetail): Record<string, string> {
  const all = stages.map(({ stage }) => [stage.name, stage.status] as const)
  return { build: build.status, ...Object.fromEntries(all) }
}

/** A runner that fails the named stages. */
function runner(...failing: string[]): string[] {
  const ran: string[] = []
  test.runner({ capacity: 4 }).work(async (job, self) => {
    if (!(await self.claim(job))) return
    ran.push(`${job.buildNumber} ${job.stage.name}`)
    const status = failing.includes(job.stage.name) ? 'failure' : 'success'
    for (const { number } of job.steps) {
      self.step(job, number, [`${job.stage.name} of ${job.buildNumber}\n`], { status, exitCode: 1 })
    }
    self.finish(job, status)
    await self.acknowledged()
  })
  return ran
}

describe('a build by hand', () => {
  it('is of the head of its branch, found when it is compiled, with its parameters', async () => {
    const made = await builds().create(repo, { params: { LEVEL: '3' } }, 'octo')
    expect(made).toMatchObject({ event: 'custom', after: '', started_by: 'octo', branch: 'main' })
    runner()
    const { build } = await test.ended(repo, made.number)
    expect(build).toMatchObject({ status: 'success', after: commit })
    expect(JSON.parse(build.event_json)).toMatchObject({
      ...{ message: 'a commit', params: { LEVEL: '3' } },
      author: { login: 'octo', name: 'A', email: 'a@example.org' },
    })
  })

  it('fails with words when the branch is not there', async () => {
    const made = await builds().create(repo, { branch: 'none', params: {} }, 'octo')
    const { build } = await test.ended(repo, made.number)
    expect(build).toMatchObject({ status: 'error' })
    expect(build.error).toContain('the repo has no refs/heads/none')
  })

  it('is of a tag, as a custom event whose ref is the tag', async () => {
    await test.git.git('tag', '--annotate', '--message', 'one', 'v1.2.0')
    await test.git.commit({ 'later.txt': '' })
    const request = { tag: 'v1.2.0', params: {} }
    const made = await builds().create(repo, request, 'octo')
    let environment: Readonly<Record<string, string>> = {}
    test.runner({ capacity: 4 }).work(async (job, self) => {
      environment = job.environment
      if (await self.claim(job)) self.finish(job, 'success')
      await self.acknowledged()
    })
    const { build } = await test.ended(repo, made.number)
    expect(build).toMatchObject({ event: 'custom', ref: 'refs/tags/v1.2.0', after: commit })
    expect(environment).toMatchObject({ DRONE_TAG: 'v1.2.0', DRONE_SEMVER: '1.2.0' })
    await expect(
      builds().create(repo, { ...request, branch: 'main' }, 'octo'),
    ).rejects.toMatchObject({ code: 'SP_BUILD_REQUEST_INVALID' })
  })

  it('takes a commit of the branch, and refuses that of a fork by whatever way', async () => {
    await test.git.commit({ 'later.txt': '' })
    runner()
    const made = await builds().create(repo, { branch: 'main', commit, params: {} }, 'octo')
    expect((await test.ended(repo, made.number)).build).toMatchObject({
      ...{ status: 'success', after: commit },
    })
    // What a forge does with a pull request of a fork: by its id anybody gets it.
    await test.git.git('config', 'uploadpack.allowAnySHA1InWant', 'true')
    const evil = await test.git.git('commit-tree', '-p', 'HEAD', '-m', 'evil', 'HEAD^{tree}')
    const fork = evil.trim()
    await test.git.git('update-ref', 'refs/pull/1/head', fork)
    const refused = async (number: number) => (await test.ended(repo, number)).build
    const other = await builds().create(repo, { commit: fork, params: {} }, 'octo')
    const error = expect.stringContaining(`commit ${fork} is not on refs/heads/main of the repo`)
    expect(await refused(other.number)).toMatchObject({ status: 'error', error })
    const again = await builds().restart(repo, other.number)
    expect(await refused(again!.number)).toMatchObject({ status: 'error', error })
    const target = { event: 'promote', target: 'prod', params: {}, by: 'octo' } as const
    const promoted = await builds().deploy(repo, other.number, target)
    expect(await refused(promoted!.number)).toMatchObject({ status: 'error', error })
  })

  it.each(['CI', 'ci_x', 'DRONE_BRANCH', 'SANDPIPER_TOKEN', 'a-b', '1A', '__proto__x y'])(
    'refuses the parameter %s',
    async (name) => {
      const params = { [name]: 'x' }
      await expect(builds().create(repo, { params }, 'octo')).rejects.toMatchObject({
        code: 'SP_BUILD_PARAM_INVALID',
      })
    },
  )
})

describe('a deployment', () => {
  it('is of the commit of a build, counted per repo, and no restart', async () => {
    runner()
    const { build } = await test.push(repo, commit)
    await test.ended(repo, build!.number)
    const target = { target: 'prod', params: { A: 'b' }, by: 'octo' }
    const first = await builds().deploy(repo, build!.number, { event: 'promote', ...target })
    const second = await builds().deploy(repo, build!.number, { event: 'rollback', ...target })
    expect(first).toMatchObject({
      event: 'promote',
      parent: 1,
      origin: 2,
      deploy_to: 'prod',
      deploy_id: 1,
    })
    expect(second).toMatchObject({ event: 'rollback', origin: 3, deploy_id: 2, after: commit })
    const again = await builds().restart(repo, second!.number)
    expect(again).toMatchObject({ event: 'rollback', deploy_id: 2, origin: 3 })
  })
})

describe('a restart', () => {
  it('of what failed takes over the rest, with its logs', async () => {
    const ran = runner('test')
    const { build } = await test.push(repo, commit)
    expect(statusesOf(await test.ended(repo, build!.number))).toMatchObject({
      ...{ build: 'failure', test: 'failure', lint: 'success' },
    })
    ran.length = 0
    await builds().restart(repo, 1, { failed: true, by: 'octo' })
    const detail = await test.ended(repo, 2)
    const expected = { compile: 'success', test: 'failure', lint: 'success' }
    expect(statusesOf(detail)).toEqual({ build: 'failure', ...expected })
    expect(ran).toEqual(['2 test'])
    const lint = detail.stages.find(({ stage }) => stage.name === 'lint')
    const step = lint?.steps.at(-1)
    expect(await test.logText(step!.stage_id, lint!.stage.attempt, step!.number)).toContain(
      'lint of 1',
    )
  })

  it('from a stage runs it and what depends on it', async () => {
    const ran = runner()
    await test.push(repo, commit)
    await test.ended(repo, 1)
    ran.length = 0
    await builds().restart(repo, 1, { from: 'compile' })
    expect(statusesOf(await test.ended(repo, 2))).toMatchObject({
      test: 'success',
      lint: 'success',
    })
    expect([...ran].sort()).toEqual(['2 compile', '2 test'])
  })

  it('is refused for a stage that is not there, that would not run, and for a build that runs', async () => {
    await test.push(repo, commit)
    await test.build(repo, 1, ({ stages }) => stages.length === 3)
    const restart = (how: object) => builds().restart(repo, 1, how)
    await expect(restart({ from: 'compile' })).rejects.toMatchObject({ code: 'SP_BUILD_NOT_ENDED' })
    runner('compile')
    await test.ended(repo, 1)
    await expect(restart({ from: 'x' })).rejects.toMatchObject({ code: 'SP_BUILD_STAGE_UNKNOWN' })
    await expect(restart({ from: 'test' })).rejects.toMatchObject({
      code: 'SP_BUILD_STAGE_UNREADY',
    })
  })
})

describe('approval', () => {
  const fork = {
    event: 'pull_request' as const,
    ref: 'refs/pull/7/head',
    sourceRepo: 'stranger/n',
    sender: 'stranger',
    author: { login: 'stranger', name: '', email: '', avatar: '' },
  }

  it('keeps what comes from a fork from running until somebody lets it', async () => {
    const ran = runner()
    await test.push(repo, commit, fork)
    const blocked = await test.build(repo, 1, ({ build }) => build.status === 'blocked')
    expect(blocked.stages).toHaveLength(3)
    // Several rounds of the reconciler, and a server that starts anew.
    await test.server.close()
    await test.startServer()
    await test.push(repo, commit)
    await test.ended(repo, 2)
    expect(await builds().find(repo, 1)).toMatchObject({ build: { status: 'blocked' } })
    expect((await builds().waiting(blocked)).build).toBe(
      'waits for approval: it comes from the fork stranger/n',
    )
    expect(ran.filter((name) => name.startsWith('1 '))).toEqual([])
    await expect(builds().restart(repo, 1)).rejects.toMatchObject({ code: 'SP_BUILD_NOT_APPROVED' })
    await builds().approve(repo, 1, 'octo')
    const { build } = await test.ended(repo, 1)
    expect(build).toMatchObject({ status: 'success', approval: 'approved', reviewed_by: 'octo' })
    await expect(builds().approve(repo, 1, 'octo')).rejects.toMatchObject({
      code: 'SP_BUILD_NOT_BLOCKED',
    })
  })

  it('is asked for anew by the next push, and what was declined never runs', async () => {
    const ran = runner()
    await test.push(repo, commit, fork)
    await test.build(repo, 1, ({ build }) => build.status === 'blocked')
    const declined = await builds().decline(repo, 1, 'octo')
    expect(declined?.build).toMatchObject({ status: 'declined', error: 'declined by octo' })
    await builds().restart(repo, 1)
    await test.push(repo, commit, { ...fork, message: 'again' })
    for (const number of [2, 3])
      await test.build(repo, number, (one) => one.build.status === 'blocked')
    expect(ran).toEqual([])
    expect(await builds().cancelAll(repo, {}, 'octo')).toBe(2)
    expect((await test.ended(repo, 3)).build).toMatchObject({
      ...{ status: 'killed', cancelled_by: 'octo', error: 'the build was cancelled by octo' },
    })
  })

  it('is not asked of who may push, for what they did themselves', async () => {
    await set({ require_approval: 'all', forge: 'github' })
    const user = { forge: 'github', remote_id: '1', login: 'member', ...PERSON }
    const { id } = await (
      await test.db()
    )
      .insertInto('users')
      .values(user)
      .returning('id')
      .executeTakeFirstOrThrow()
    const role = { user_id: id, forge: 'github', remote_id: '9', slug: 'o/n', role: 'write' }
    await (await test.db()).insertInto('memberships').values(role).execute()
    const approvals: string[] = []
    for (const facts of [
      { sender: 'member' },
      { sender: 'stranger' },
      // A member labels what a stranger wrote.
      { ...fork, sender: 'member' },
      { ...fork, sender: 'member', author: { ...fork.author, login: 'member' } },
    ]) {
      const { build } = await test.push(repo, commit, facts)
      approvals.push(build?.approval ?? '')
    }
    expect(approvals).toEqual(['', 'required', 'required', ''])
    const approvalOfMember = async () =>
      (await test.push(repo, commit, { sender: 'member' })).build?.approval
    // Nobody has asked the forge for two days, and then another account has taken the login.
    await (await test.db()).updateTable('users').set({ synced: TWO_DAYS_AGO }).execute()
    expect(await approvalOfMember()).toBe('required')
    await (await test.db()).updateTable('users').set({ synced: Date.now() }).execute()
    expect(await approvalOfMember()).toBe('')
    await (
      await test.db()
    )
      .insertInto('users')
      .values({ ...user, remote_id: '2' })
      .execute()
    expect(await approvalOfMember()).toBe('required')
  })
})

const TWO_DAYS_AGO = Date.now() - 48 * 60 * 60 * 1000

const PERSON = {
  ...{ name: '', email: '', avatar: '', admin: 0, active: 1, allowed: 1, machine: 0 },
  ...{ access_token: null, refresh_token: null, token_expires: 0, token_claimed_until: 0 },
  ...{ synced: Date.now(), sync_tried: 0, last_login: 0, created: 0, updated: 0 },
}

describe('a newer push', () => {
  it('ends what waits of older ones of its branch, and leaves what people started', async () => {
    await set({ auto_cancel_pushes: 1 })
    await test.push(repo, commit)
    await test.push(repo, commit, { ref: 'refs/heads/other', branch: 'other' })
    await builds().restart(repo, 1)
    await builds().create(repo, { params: {} }, 'octo')
    for (const number of [1, 2, 3, 4])
      await test.build(repo, number, ({ stages }) => stages.length > 0)
    await test.push(repo, commit)
    const { build } = await test.ended(repo, 1)
    expect(build).toMatchObject({ status: 'killed', error: 'superseded by build #5' })
    await test.build(repo, 5, ({ stages }) => stages.length > 0)
    for (const number of [2, 3, 4, 5]) {
      expect((await builds().find(repo, number))?.build.status).toBe('pending')
    }
  })

  it('ends what runs only where the repo says so', async () => {
    await set({ auto_cancel_pushes: 1 })
    const held = test.runner({ capacity: 4 })
    held.work(async (job, self) => {
      await self.claim(job)
      await until(() => self.cancelOf(job) !== undefined)
      self.finish(job, 'killed', self.cancelOf(job)?.reason)
      await self.acknowledged()
    })
    await test.push(repo, commit)
    await test.build(repo, 1, ({ build }) => build.status === 'running')
    await test.push(repo, commit)
    await test.build(repo, 2, ({ stages }) => stages.length > 0)
    expect((await builds().find(repo, 1))?.build.status).toBe('running')
    await set({ auto_cancel_running: 1 })
    await test.push(repo, commit)
    expect((await test.ended(repo, 1)).build).toMatchObject({
      ...{ status: 'killed', error: 'superseded by build #3' },
    })
  })
})
