import { afterAll, beforeAll, describe, expect, it } from '@jest/globals'
import { spawn } from 'node:child_process'
import { randomUUID } from 'node:crypto'
import { once } from 'node:events'
import { writeFile } from 'node:fs/promises'
import path from 'node:path'
import { signBody } from '../protocol/git-hook.js'
import type { Repo } from '../server/services.js'
import { SIMPLE, TestServer } from '../server/testing/test-server.js'

/** The real program against a real server. */
const program = path.resolve(__dirname, '../bin/sandpiper')
const SECRET = 'the secret of o/n'
const DECLARING = `${SIMPLE}parameters:
  replicas: { type: integer, maximum: 20, default: 2 }
`

let test: TestServer
let repo: Repo
let commit: string
beforeAll(async () => {
  test = await TestServer.start()
  const given = { owner: 'o', name: 'n', cloneUrl: test.git.path, hookSecret: SECRET }
  repo = (await test.server.services.repos.add(given)).repo
  commit = await test.git.commit({ '.pipeline.yml': DECLARING })
})
afterAll(() => test.stop())

/** Runs it to its end, as somebody who has the token; the installation's administrator by default. */
async function sandpiper(
  args: readonly string[],
  { token = test.server.adminToken, input = '' } = {},
) {
  const child = spawn(process.execPath, [program, ...args], {
    env: {
      ...{ PATH: process.env['PATH'] ?? '', HOME: test.directory },
      ...{ SANDPIPER_DATA: path.join(test.directory, 'client') },
      ...{ SANDPIPER_SERVER: test.server.address, SANDPIPER_TOKEN: token },
    },
    stdio: ['pipe', 'pipe', 'pipe'],
  })
  let stdout = ''
  let stderr = ''
  child.stdout.on('data', (data: Buffer) => (stdout += data.toString()))
  child.stderr.on('data', (data: Buffer) => (stderr += data.toString()))
  child.stdin.end(input)
  const [code] = (await once(child, 'close')) as [number | null]
  return { code, stdout, stderr }
}

/** What a command prints with --json; it has to succeed. */
async function json(...args: readonly string[]): Promise<unknown> {
  const { code, stdout, stderr } = await sandpiper([...args, '--json'])
  expect([code, stderr]).toEqual([0, ''])
  return JSON.parse(stdout) as unknown
}

const compiled = (number: number) =>
  test.build(repo, number, ({ build }) => build.plan_json !== null || build.finished > 0)

const numberOf = (stdout: string): number => Number(/#(\d+)$/m.exec(stdout)?.[1])

describe('cron', () => {
  it('adds one, lists it, makes its build at once and removes it', async () => {
    const added = await sandpiper(['cron', 'add', 'o/n', 'nightly', '@daily', '--target', 'qa'])
    expect(added).toMatchObject({ code: 0, stderr: '' })
    expect(added.stdout).toMatch(/^added nightly: next \d{4}-\d\d-\d\d 00:00:00 UTC\n$/)
    expect((await sandpiper(['cron', 'ls', 'o/n'])).stdout).toMatch(/nightly +@daily +UTC +main/)
    const { stdout } = await sandpiper(['cron', 'run', 'o/n', 'nightly'])
    const { build } = await compiled(numberOf(stdout))
    expect(build).toMatchObject({ event: 'cron', cron: 'nightly', deploy_to: 'qa', error: '' })
    expect(await json('cron', 'ls', 'o/n')).toMatchObject([{ last_build: build.number }])
    expect((await sandpiper(['cron', 'rm', 'o/n', 'nightly'])).stdout).toBe('removed nightly\n')
    const again = await sandpiper(['cron', 'rm', 'o/n', 'nightly'])
    expect(again).toMatchObject({ code: 2, stdout: '' })
    expect(again.stderr).toContain('nightly')
  })

  it('refuses what is no time table, with what one looks like', async () => {
    const { code, stderr } = await sandpiper(['cron', 'add', 'o/n', 'odd', 'every day'])
    expect([code, stderr]).toEqual([2, expect.stringContaining('crontab(5)')])
  })
})

describe('token', () => {
  it('makes one that works with its scope until it is revoked', async () => {
    const { people } = test.server.services
    const by = { userId: 0, login: 'admin', via: 'admin-token' } as const
    const { token } = await people.users.addMachine(by, { login: 'robot', admin: true })
    const create = ['token', 'create', 'laptop', '--scope', 'read']
    const made = await sandpiper(create, { token })
    expect(made).toMatchObject({ code: 0, stderr: '' })
    const own = { token: made.stdout.trim() }
    expect((await sandpiper(['cron', 'ls', 'o/n'], own)).code).toBe(0)
    const written = await sandpiper(['cron', 'add', 'o/n', 'x', '@daily'], own)
    expect([written.code, written.stderr]).toEqual([3, expect.stringContaining('read only')])
    const listed = await sandpiper(['token', 'ls'], { token })
    expect(listed.stdout).not.toContain(own.token)
    const id = /^(\d+) +laptop +read +never/m.exec(listed.stdout)?.[1] ?? ''
    expect((await sandpiper(['token', 'revoke', id], { token })).stdout).toBe(
      `revoked token ${id}\n`,
    )
    const refused = await sandpiper(['cron', 'ls', 'o/n'], own)
    expect([refused.code, refused.stderr]).toEqual([3, expect.stringContaining('does not accept')])
  })
})

describe('registry', () => {
  it('keeps a login whose password nobody sees again, changes it, and forgets it', async () => {
    const set = ['registry', 'set', 'o/n', 'registry.example.com']
    const input = 'the-password-of-ada\n'
    expect(await sandpiper([...set, '--username', 'ada'], { input })).toEqual({
      ...{ code: 0, stdout: 'kept the login for registry.example.com\n', stderr: '' },
    })
    const file = path.join(test.directory, 'password')
    await writeFile(file, 'another\n', { mode: 0o600 })
    expect((await sandpiper([...set, '--password-file', file, '--forks'])).code).toBe(0)
    const listed = await sandpiper(['registry', 'ls', 'o/n', '--json'])
    expect(JSON.parse(listed.stdout)).toMatchObject([
      { address: 'registry.example.com', username: 'ada', forks: true },
    ])
    expect(listed.stdout).not.toMatch(/another|password-of-ada/)
    const empty = await sandpiper(['secret', 'set', 'o/n', 'key'], { input: '\n' })
    expect(empty).toMatchObject({
      code: 2,
      stderr: expect.stringMatching(/^error: there is no value: nothing/),
    })
    await sandpiper(['registry', 'rm', 'o/n', 'registry.example.com'])
    expect(await json('registry', 'ls', 'o/n')).toEqual([])
  })
})

describe('repo deliveries and redeliver', () => {
  it('show what came and what became of it, and read one again', async () => {
    const body = JSON.stringify({
      ...{ delivery: randomUUID(), repo: 'o/n', ref: 'refs/heads/main', after: commit },
    })
    const response = await fetch(`${test.server.address}/hooks/git?repo=o/n`, {
      method: 'POST',
      headers: {
        'content-type': 'application/json',
        'x-sandpiper-signature': signBody(SECRET, body),
      },
      body,
    })
    expect(response.status).toBe(202)
    const [{ id, builds } = { id: 0, builds: [] }] = (await json(
      'repo',
      'deliveries',
      'o/n',
    )) as readonly { readonly id: number; readonly builds: readonly number[] }[]
    expect(builds).toHaveLength(1)
    const table = await sandpiper(['repo', 'deliveries', 'o/n', '--limit', '1'])
    expect(table.stdout).toMatch(new RegExp(`^${id} .* git +push +built +#${builds[0]}$`, 'm'))
    const again = await sandpiper(['repo', 'redeliver', 'o/n', String(id)])
    expect(again).toMatchObject({ code: 0, stderr: '' })
    expect(again.stdout).toMatch(new RegExp(`^build ${Number(builds[0]) + 1}: http`))
    const odd = await sandpiper(['repo', 'redeliver', 'o/n', 'last'])
    expect([odd.code, odd.stderr]).toEqual([2, expect.stringContaining('repo deliveries')])
  })
})

describe('build', () => {
  const create = async (...options: readonly string[]) =>
    compiled(numberOf((await sandpiper(['build', 'create', 'o/n', ...options])).stdout))

  it('create builds a tag with parameters, or tells why it can not', async () => {
    await test.git.git('tag', 'v1.2.0', commit)
    const { build } = await create('--tag', 'v1.2.0', '--param', 'replicas=3')
    expect(build).toMatchObject({ ref: 'refs/tags/v1.2.0', after: commit, error: '' })
    const misfit = await create('--param', 'replicas=99')
    expect(misfit.build).toMatchObject({ status: 'error' })
    expect(misfit.build.error).toContain('`replicas` is `99`')
    const both = await sandpiper(['build', 'create', 'o/n', '--tag', 'v1', '--branch', 'main'])
    expect([both.code, both.stderr]).toEqual([2, expect.stringContaining('both were given')])
  })

  it('promote and rollback deploy the commit of a build, with parameters that fit', async () => {
    const { build } = await create()
    for (const verb of ['promote', 'rollback']) {
      const args = ['build', verb, 'o/n', String(build.number), 'qa']
      const made = await sandpiper([...args, '--param', 'replicas=4'])
      expect(made.stdout).toMatch(
        /^(?:promoted|rolled back) as o\/n #(\d+)\nfollow it: sandpiper build logs o\/n \1 --follow\n$/,
      )
      const deployed = await compiled(numberOf(made.stdout))
      expect(deployed.build).toMatchObject({ event: verb, deploy_to: 'qa', after: commit })
      expect(JSON.parse(deployed.build.event_json)).toMatchObject({ params: { replicas: '4' } })
      const misfit = await sandpiper([...args, '--param', 'replica=4'])
      expect([misfit.code, misfit.stdout]).toEqual([2, ''])
      expect(misfit.stderr).toContain('declares no parameter `replica`')
      expect(misfit.stderr).toContain('Did you mean `replicas`?')
    }
  })

  it('approve lets a build run, and decline ends it', async () => {
    const fork = { event: 'pull_request', ref: 'refs/pull/1/head', sourceRepo: 'm/n' } as const
    const held = async () => {
      const { build } = await test.push(repo, commit, fork)
      await test.build(repo, build!.number, (detail) => detail.build.status === 'blocked')
      return String(build!.number)
    }
    const [first, second] = [await held(), await held()]
    const approved = await sandpiper(['build', 'approve', 'o/n', first])
    expect(approved.stdout.split('\n')[0]).toBe(`approved o/n #${first}`)
    const declined = await sandpiper(['build', 'decline', 'o/n', second])
    expect(declined).toMatchObject({ code: 0, stdout: `declined o/n #${second}\n` })
    const status = async (number: string) =>
      (await test.server.services.builds.find(repo, Number(number)))?.build
    expect(await status(first)).toMatchObject({ approval: 'approved', reviewed_by: 'admin' })
    expect(await status(second)).toMatchObject({ approval: 'declined', status: 'declined' })
    const again = await sandpiper(['build', 'approve', 'o/n', first])
    expect([again.code, again.stderr]).toEqual([2, expect.stringContaining('does not wait')])
  })
})
