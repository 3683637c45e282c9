import { afterAll, beforeAll, describe, expect, it } from '@jest/globals'
import { AUTHORIZED, HttpFixture } from './testing/fixture.js'

let fixture: HttpFixture
beforeAll(async () => {
  fixture = await HttpFixture.open()
  await fixture.addRepo('o', 'n', 'hook secret')
})
afterAll(() => fixture.close())

const REPO = '/api/repos/o/n'

async function call(method: 'GET' | 'PATCH' | 'POST' | 'DELETE', url: string, payload?: object) {
  const body = payload === undefined ? {} : { payload }
  const response = await fixture.app.inject({ method, url, headers: AUTHORIZED, ...body })
  return { status: response.statusCode, json: response.json<Record<string, unknown>>() }
}

describe('settings of a repo', () => {
  it.each([
    [{ visibility: 'internal' }],
    [{ visibility: 'public', private: false }],
    [{ protected: true, require_approval: 'all' }],
    [{ ignore_forks: true, ignore_pull_requests: true }],
    [{ auto_cancel_pushes: true, auto_cancel_pull_requests: true, auto_cancel_running: true }],
    [{ default_branch: 'trunk', link: 'https://git.example.org/o/n' }],
    [{ keep_days: 30, keep_builds: 100, keep_bytes: 5_000_000_000 }],
    [{ keep_days: -1, keep_builds: -1, keep_bytes: -1 }],
    [{ timeout: 90, throttle: 3, counter: 7 }],
    [{ network_allow: ['git.example.org:443'] }],
    [{ network_allow: null }],
    [{ forge: 'gitea' }],
    [{ forge: '' }],
  ])('are changed and shown: %j', async (change) => {
    const { private: _shown, ...body } = change as Record<string, unknown>
    const changed = await call('PATCH', REPO, body)
    expect([changed.status, changed.json]).toMatchObject([200, change])
    expect((await call('GET', REPO)).json).toMatchObject(change)
  })

  it('stay where a body has null or nothing', async () => {
    const before = (await call('PATCH', REPO, { protected: true })).json
    const after = (await call('PATCH', REPO, { protected: null, timeout: null })).json
    expect({ ...after, updated: 0, version: 0 }).toEqual({ ...before, updated: 0, version: 0 })
  })

  it('are written down with who changed them, but for the token', async () => {
    await call('PATCH', REPO, { forge_token: 'a-token-of-a-forge', keep_days: 5 })
    const repo = (await call('GET', REPO)).json
    expect(JSON.stringify(repo)).not.toContain('token')
    const row = await fixture.db.selectFrom('repos').select('forge_token').executeTakeFirst()
    expect(row?.forge_token).toEqual(expect.any(String))
    expect(row?.forge_token).not.toContain('a-token')
    const audit = await fixture.db.selectFrom('audit').selectAll().orderBy('id', 'desc').execute()
    expect(audit[0]).toMatchObject({ action: 'repo.update', subject: 'o/n', login: 'admin' })
    expect(audit[0]?.detail_json).toBe('{"keepDays":5,"forgeToken":"***"}')
  })

  it('lose what they have from a forge with it: neither its ids nor its token are for another one', async () => {
    await call('PATCH', REPO, { forge: 'gitea', forge_token: 'a-token-of-gitea' })
    const known = { remote_id: '7' }
    await fixture.db.updateTable('repos').set(known).where('name', '=', 'n').execute()
    const forgeOf = () =>
      fixture.db.selectFrom('repos').select(['remote_id', 'forge_token']).executeTakeFirst()
    await call('PATCH', REPO, { forge: 'gitea', keep_days: 5 })
    expect(await forgeOf()).toEqual({ ...known, forge_token: expect.any(String) })
    await call('PATCH', REPO, { forge: 'github' })
    expect(await forgeOf()).toEqual({ remote_id: '', forge_token: null })
    await call('PATCH', REPO, { forge: 'gitlab', forge_token: 'a-token-of-gitlab' })
    expect(await forgeOf()).toEqual({ remote_id: '', forge_token: expect.any(String) })
    await call('PATCH', REPO, { forge: '', forge_token: null })
  })

  it.each([
    [{ trusted: true }, '/trusted'],
    [{ visibility: 'secret' }, '/visibility'],
    [{ timeout: 0 }, '/timeout'],
    [{ timeout: '90' }, '/timeout'],
    [{ config_path: '.drone.yml' }, '/config_path'],
    [{ keep_days: -1, keep_builds: 1.5 }, '/keep_builds'],
    [{ keep_days: -2 }, '/keep_days'],
    [{ hook_secret: 'x' }, '/hook_secret'],
    [{ forge_token: 'hunter2\nX: y' }, '/forge_token'],
  ])('can not be %j', async (body, pointer) => {
    const { status, json } = await call('PATCH', REPO, body)
    expect(status).toBe(400)
    expect(JSON.stringify(json)).not.toContain('hunter2')
    expect(json['errors']).toEqual(
      expect.arrayContaining([expect.objectContaining({ pointer, in: 'body' })]),
    )
  })

  it.each([
    [{ default_branch: '-x' }, 'branch'],
    [{ link: 'javascript:alert(1)' }, 'link'],
    [{ network_allow: ['a b'] }, 'destination'],
  ])('are checked: %j', async (body, word) => {
    const { status, json } = await call('PATCH', REPO, body)
    expect([status, json['code']]).toEqual([400, 'SP_REPO_INVALID'])
    expect(json['detail']).toContain(word)
  })

  it('keep the numbers of builds from being given twice', async () => {
    await fixture.addRepo('o', 'counted', 'hook secret')
    await fixture.manyBuilds('o', 'counted', 3)
    const url = '/api/repos/o/counted'
    expect((await call('PATCH', url, { counter: 2 })).json['code']).toBe('SP_REPO_INVALID')
    expect((await call('PATCH', url, { counter: 3 })).status).toBe(200)
    expect((await call('PATCH', url, { counter: 9 })).status).toBe(200)
    await fixture.manyBuilds('o', 'counted', 1)
    expect((await call('GET', `${url}/builds/latest`)).json).toMatchObject({ number: 10 })
  })
})

describe('a repo', () => {
  it('is disabled and enabled again', async () => {
    expect(await call('DELETE', REPO)).toMatchObject({ status: 200, json: { active: false } })
    expect(await fixture.services.repos.hookSecrets('o/n')).toEqual([])
    expect(await call('POST', REPO)).toMatchObject({ status: 200, json: { active: true } })
    expect(await fixture.services.repos.hookSecrets('o/n')).toHaveLength(1)
  })

  it('is owned by who asks for it, and repaired', async () => {
    expect(await call('POST', `${REPO}/chown`)).toMatchObject({ status: 200, json: { user_id: 0 } })
    expect(await call('POST', `${REPO}/repair`)).toMatchObject({ status: 200, json: { name: 'n' } })
    expect((await call('POST', '/api/repos/no/where/repair')).status).toBe(404)
  })
})

describe('overviews', () => {
  it('show the newest build of each branch, pull request and target', async () => {
    await fixture.addRepo('o', 'many', 'hook secret')
    await fixture.manyBuilds('o', 'many', 3)
    const lists = ['branches', 'pulls', 'deployments'].map(async (list) => {
      const response = await fixture.app.inject({
        url: `/api/repos/o/many/builds/${list}`,
        headers: AUTHORIZED,
      })
      return response.json<{ number: number }[]>().map(({ number }) => number)
    })
    expect(await Promise.all(lists)).toEqual([[3], [], []])
  })

  it('list what has not ended, with its repo, and count', async () => {
    await fixture.runningStep('o', 'many')
    const response = await fixture.app.inject({
      url: '/api/builds/incomplete',
      headers: AUTHORIZED,
    })
    expect(response.json()).toEqual(
      expect.arrayContaining([
        expect.objectContaining({ slug: 'o/many', build: expect.objectContaining({ number: 4 }) }),
      ]),
    )
    expect((await call('GET', '/api/system/stats')).json).toMatchObject({
      repos: { active: 3 },
      builds: { total: 21 },
      pipelines: { running: 1 },
    })
  })
})
