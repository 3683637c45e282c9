import { afterAll, beforeAll, describe, expect, it } from '@jest/globals'
import { AUTHORIZED, HttpFixture } from '../http/testing/fixture.js'

let fixture: HttpFixture
beforeAll(async () => {
  fixture = await HttpFixture.open()
  await fixture.addRepo('o', 'n', 'hook secret')
})
afterAll(() => fixture.close())

async function call(method: 'GET' | 'POST' | 'PATCH' | 'DELETE', url: string, payload?: object) {
  const response = await fixture.app.inject({
    ...{ method, url: `/api${url}`, headers: AUTHORIZED },
    ...(payload === undefined ? {} : { payload }),
  })
  const body: unknown = response.body === '' ? null : response.json()
  return { status: response.statusCode, body, text: response.body, link: response.headers.link }
}

const VALUE = 'a value that nobody is shown'

describe.each([
  ['a repo', '/repos/o/n/secrets'],
  ['an owner', '/secrets/o'],
])('secrets of %s', (_what, path) => {
  it('are created, listed, shown, changed and removed, never with their values', async () => {
    const created = await call('POST', path, { name: 'token', data: VALUE, pull_request: true })
    expect(created.status).toBe(200)
    expect(created.body).toMatchObject({ name: 'token', pull_request: true, events: [] })
    const rules = { events: ['push'], images: ['plugins/docker'], branches: ['release/**'] }
    const changed = await call('PATCH', `${path}/token`, { name: 'token', data: VALUE, ...rules })
    expect(changed.body).toMatchObject({ pull_request: true, ...rules })
    const listed = await call('GET', path)
    expect(listed.body).toEqual([changed.body])
    const shown = await call('GET', `${path}/token`)
    expect(shown.body).toEqual(changed.body)
    for (const { text } of [created, changed, listed, shown]) {
      expect(text).not.toContain('a value')
      expect(text).not.toContain('"data"')
    }
    expect((await call('DELETE', `${path}/token`)).status).toBe(204)
    for (const method of ['GET', 'DELETE'] as const) {
      expect(await call(method, `${path}/token`)).toMatchObject({ status: 404 })
    }
    expect((await call('PATCH', `${path}/token`, { data: 'x' })).status).toBe(404)
  })

  it('are one of each name', async () => {
    const secret = { name: 'twice', data: VALUE }
    const both = await Promise.all([call('POST', path, secret), call('POST', path, secret)])
    expect(both.map(({ status }) => status).sort((a, b) => a - b)).toEqual([200, 409])
    await call('DELETE', `${path}/twice`)
  })

  it.each([
    ['no value', { name: 'a', data: '' }],
    ['a NUL', { name: 'a', data: 'a\0b' }],
    ['half a character', { name: 'a', data: 'a\ud800' }],
    ['too much', { name: 'a', data: 'é'.repeat(40_000) }],
    ['a name with a slash', { name: 'a/b', data: 'x' }],
    ['a name that is a directory', { name: '..', data: 'x' }],
    ['no name', { data: 'x' }],
    ['forks', { name: 'a', data: 'x', fork: true }],
    ['an unknown event', { name: 'a', data: 'x', events: ['pushed'] }],
    ['a broken glob', { name: 'a', data: 'x', branches: ['[a'] }],
    ['an empty image', { name: 'a', data: 'x', images: [' '] }],
    ['too many rules', { name: 'a', data: 'x', events: Array(51).fill('push') }],
    ['an unknown key', { name: 'a', data: 'x', what: 1 }],
  ])('are refused with %s, and the value is not told', async (_why, body) => {
    const answer = await call('POST', path, body)
    expect(answer.status).toBe(400)
    expect((await call('GET', path)).body).toEqual([])
  })

  it('are sealed, and written down without their values', async () => {
    await call('POST', path, { name: 'sealed', data: VALUE, branches: ['main'] })
    const rows = await fixture.db.selectFrom('secrets').selectAll().execute()
    expect(rows.map(({ data }) => data)).toEqual([expect.stringMatching(/^v2:/)])
    await call('PATCH', `${path}/sealed`, { data: `${VALUE} too` })
    await call('DELETE', `${path}/sealed`)
    const { body, text } = await call('GET', '/audit?limit=3')
    expect(text).not.toContain('a value')
    const entries = (body as { action: string; login: string }[]).map((it) => [it.action, it.login])
    expect(entries).toEqual([
      ['secret.delete', 'admin'],
      ['secret.update', 'admin'],
      ['secret.create', 'admin'],
    ])
  })

  it('are read page by page', async () => {
    const names = ['a', 'b', 'c', 'd', 'e']
    for (const name of names) await call('POST', path, { name, data: VALUE })
    const seen: string[] = []
    for (let url = `${path}?limit=2`; url !== '';) {
      const { body, link } = await call('GET', url)
      seen.push(...(body as { name: string }[]).map(({ name }) => name))
      url = /<https:\/\/ci.example.org\/api(.*)>/.exec(String(link))?.[1] ?? ''
    }
    expect(seen).toEqual(names)
    for (const name of names) await call('DELETE', `${path}/${name}`)
  })
})

describe.each([
  ['a repo', '/repos/o/n/registries'],
  ['an owner', '/registries/o'],
])('registry logins of %s', (_what, path) => {
  it('are created, listed, shown, changed and removed, never with their passwords', async () => {
    const login = { address: 'https://index.docker.io/v1/', username: 'ada', password: VALUE }
    const created = await call('POST', path, login)
    expect(created.body).toMatchObject({ address: 'docker.io', username: 'ada', forks: false })
    expect((await call('POST', path, login)).status).toBe(409)
    const changed = await call('PATCH', `${path}/docker.io`, { password: VALUE, forks: true })
    expect(changed.body).toMatchObject({ forks: true })
    expect((await call('GET', path)).body).toEqual([changed.body])
    const other = { ...login, address: 'ghcr.io:443/acme' }
    expect((await call('POST', path, other)).status).toBe(200)
    const shown = await call('GET', `${path}/${encodeURIComponent(other.address)}`)
    expect(shown.body).toMatchObject({ address: other.address })
    for (const { text } of [created, changed, shown]) expect(text).not.toContain('a value')
    for (const address of ['docker.io', encodeURIComponent(other.address)]) {
      expect((await call('DELETE', `${path}/${address}`)).status).toBe(204)
    }
    expect((await call('GET', `${path}/docker.io`)).status).toBe(404)
  })

  it.each([
    ['no registry', { address: 'a b', username: 'u', password: 'p' }],
    ['a colon in the name', { address: 'a.io', username: 'u:v', password: 'p' }],
    ['no password', { address: 'a.io', username: 'u' }],
  ])('are refused with %s', async (_why, body) => {
    expect((await call('POST', path, body)).status).toBe(400)
  })
})

describe('keys', () => {
  it('are renewed over the API, and every value opens', async () => {
    await call('POST', '/repos/o/n/secrets', { name: 'kept', data: VALUE })
    const [before] = (await call('GET', '/keys')).body as { id: string; uses: number }[]
    expect(before?.uses).toBe(2)
    const { body } = await call('POST', '/keys/rotate', { remove_old: true })
    expect(body).toMatchObject({ rewrapped: 2, unreadable: 0, keys: [{ current: true, uses: 2 }] })
    expect(await fixture.services.repos.hookSecrets('o/n')).toMatchObject([
      { secret: 'hook secret' },
    ])
  })
})

describe('sealed text', () => {
  it('is in no column that a new key would not be given to', async () => {
    const { SEALED } = await import('./box.js')
    const { SEALED_COLUMNS } = await import('./sealed-columns.js')
    const known = new Set(SEALED_COLUMNS.map(({ table, column }) => `${table}.${column}`))
    await call('POST', '/registries/o', { address: 'a.io', username: 'u', password: 'ppp' })
    const found = new Set<string>()
    for (const table of await fixture.db.introspection.getTables()) {
      const rows = await fixture.db
        .selectFrom(table.name as 'repos')
        .selectAll()
        .execute()
      for (const row of rows) {
        for (const [column, value] of Object.entries(row)) {
          if (typeof value === 'string' && SEALED.test(value)) found.add(`${table.name}.${column}`)
        }
      }
    }
    expect([...found].filter((column) => !known.has(column))).toEqual([])
    expect([...found].sort()).toEqual(['registries.password', 'repos.hook_secret', 'secrets.data'])
    for (const { table, column } of SEALED_COLUMNS) {
      await fixture.db
        .selectFrom(table)
        .select([column as never, 'id' as never])
        .limit(1)
        .execute()
    }
  })
})
