import { afterAll, beforeAll, expect, test } from '@jest/globals'
import type { InjectOptions } from 'fastify'
import { SESSION_IDLE_MS, TOKENS_MAX } from '../people/limits.js'
import { csrfTokenOf } from '../people/secret-values.js'
import { AUTHORIZED, HttpFixture } from './testing/fixture.js'

const HOOK_SECRET = 'the-secret-of-hooks'

let fixture: HttpFixture

beforeAll(async () => {
  fixture = await HttpFixture.open({ rates: { anonymous: 100, wrongProof: 3, wrongSignature: 3 } })
  await fixture.addRepo('o', 'n', HOOK_SECRET)
})

afterAll(() => fixture.close())

test('a machine is added with a token that is shown once, and is shut out and removed', async () => {
  const { token, bearer } = await machine('robot')
  expect(token).toMatch(/^spt_[0-9a-f]{64}$/)
  expect((await ask('GET', '/api/user', bearer)).json()).toMatchObject({
    login: 'robot',
    machine: true,
  })
  expect((await ask('GET', '/api/users/robot', AUTHORIZED)).json()).not.toHaveProperty('token')
  expect(await everythingInDatabase()).not.toContain(token)
  expect(
    (await ask('POST', '/api/users', AUTHORIZED, { login: 'robot', machine: true })).statusCode,
  ).toBe(409)
  expect((await ask('POST', '/api/users', AUTHORIZED, { login: 'ada' })).statusCode).toBe(400)
  const shut = await ask('PATCH', '/api/users/robot', AUTHORIZED, { active: false })
  expect(shut.json()).toMatchObject({ active: false })
  expect((await ask('GET', '/api/user', bearer)).statusCode).toBe(401)
  expect((await ask('DELETE', '/api/users/robot', AUTHORIZED)).statusCode).toBe(204)
  expect((await ask('GET', '/api/users/robot', AUTHORIZED)).statusCode).toBe(404)
})

test('tokens are made, listed, used and revoked by their owner alone', async () => {
  const [one, other] = [await machine('one'), await machine('other')]
  const made = await ask('POST', '/api/user/tokens', one.bearer, { name: 'laptop', scope: 'write' })
  expect(made.statusCode).toBe(201)
  const { id, token } = made.json<{ id: number; token: string }>()
  expect((await ask('POST', '/api/user/tokens', one.bearer, { name: 'laptop' })).statusCode).toBe(
    409,
  )
  const listed = await ask('GET', '/api/user/tokens', { authorization: `Bearer ${token}` })
  expect(listed.json()).toMatchObject([{ name: 'default' }, { id, name: 'laptop', scope: 'write' }])
  expect(listed.body).not.toContain(token)
  const again = { authorization: `Bearer ${token}` }
  expect(
    (await ask('POST', '/api/user/tokens', again, { name: 'wider', scope: 'admin' })).statusCode,
  ).toBe(403)
  expect((await ask('DELETE', `/api/user/tokens/${id}`, other.bearer)).statusCode).toBe(404)
  expect((await ask('DELETE', `/api/user/tokens/${id}`, one.bearer)).statusCode).toBe(204)
  expect((await ask('GET', '/api/user', again)).statusCode).toBe(401)
  const audit = await ask('GET', '/api/audit?login=one', AUTHORIZED)
  expect(audit.json()).toMatchObject([{ action: 'token.delete' }, { action: 'token.create' }])
})

test('who is refused hears what he lacks', async () => {
  const { bearer } = await machine('reader')
  await fixture.addRepo('o', 'lacking', 'hook secret')
  const members = '/api/repos/o/lacking/members/reader'
  expect((await ask('PUT', members, AUTHORIZED, { role: 'read' })).statusCode).toBe(200)
  expect((await ask('POST', '/api/repos/o/lacking/builds', bearer)).json()).toMatchObject({
    status: 403,
    detail: 'You may not do this: it needs the role write in o/lacking; yours is read.',
  })
  expect((await ask('GET', '/api/users', bearer)).json()).toMatchObject({
    detail: 'You may not do this: it is for administrators of the installation.',
  })
})

test('a token that ends makes none that lives longer', async () => {
  const { bearer } = await machine('mortal')
  const soon = Math.floor(Date.now() / 1_000) + 3_600
  const made = await ask('POST', '/api/user/tokens', bearer, {
    name: 'a',
    scope: 'admin',
    expires: soon,
  })
  const short = { authorization: `Bearer ${made.json<{ token: string }>().token}` }
  const create = (body: object) => ask('POST', '/api/user/tokens', short, body)
  expect((await create({ name: 'b', scope: 'admin' })).statusCode).toBe(400)
  expect((await create({ name: 'b', scope: 'admin', expires: soon + 1 })).statusCode).toBe(400)
  expect((await create({ name: 'b', scope: 'admin', expires: soon })).statusCode).toBe(201)
  expect((await create({ name: 'c', expires: 1 })).statusCode).toBe(400)
  expect((await ask('POST', '/api/user/token', short)).statusCode).toBe(400)
})

test('nobody has more tokens than a few', async () => {
  const { bearer } = await machine('collector')
  const create = (name: string) => ask('POST', '/api/user/tokens', bearer, { name })
  for (let count = 1; count < TOKENS_MAX; count += 1) await create(String(count))
  expect((await create('one more')).json()).toMatchObject({ code: 'SP_TOKEN_LIMIT' })
})

test("Drone's way to a token makes it anew", async () => {
  const { bearer } = await machine('drone')
  const { token } = (await ask('POST', '/api/user/token', bearer)).json<{ token: string }>()
  expect((await ask('GET', '/api/user', bearer)).statusCode).toBe(401)
  expect((await ask('GET', '/api/user', { authorization: `Bearer ${token}` })).statusCode).toBe(200)
})

test('a token in the address is refused, with words', async () => {
  const { token } = await machine('careless')
  const response = await ask('GET', `/api/user?access_token=${token}`, {})
  expect([response.statusCode, response.json()]).toEqual([
    400,
    expect.objectContaining({ code: 'SP_HTTP_TOKEN_IN_URL' }),
  ])
})

test('sessions are listed, end one by one, and end without use', async () => {
  const { id, bearer } = await machine('browser')
  const { sessions } = fixture.services.people
  const [a, b] = [
    await sessions.start(id, { agent: 'A' }),
    await sessions.start(id, { agent: 'B' }),
  ]
  const as = (value: string) => ({
    cookie: `__Host-sandpiper_session=${value}`,
    'x-csrf-token': csrfTokenOf(value),
  })
  const listed = (await ask('GET', '/api/user/sessions', as(a))).json<
    { id: number; agent: string }[]
  >()
  expect(listed.find(({ agent }) => agent === 'A')).toMatchObject({ current: true })
  const other = listed.find(({ agent }) => agent === 'B')?.id ?? 0
  expect((await ask('DELETE', `/api/user/sessions/${other}`, as(a))).statusCode).toBe(204)
  expect((await ask('GET', '/api/user', as(b))).statusCode).toBe(401)
  const idle = { last_seen: Date.now() - SESSION_IDLE_MS - 1 }
  await fixture.db.updateTable('user_sessions').set(idle).where('user_id', '=', id).execute()
  expect((await ask('GET', '/api/user', as(a))).statusCode).toBe(401)
  expect((await ask('GET', '/api/user', bearer)).statusCode).toBe(200)
})

test('a browser changes something only for a page of this server', async () => {
  const { id } = await machine('surfer')
  const value = await fixture.services.people.sessions.start(id, { agent: '' })
  const cookie = { cookie: `__Host-sandpiper_session=${value}` }
  const right = { ...cookie, 'x-csrf-token': csrfTokenOf(value) }
  const change = async (headers: Record<string, string>) =>
    (await ask('DELETE', '/api/user/tokens/999', headers)).statusCode
  expect(await change(cookie)).toBe(403)
  expect(await change({ ...cookie, 'x-csrf-token': csrfTokenOf('another') })).toBe(403)
  expect(await change({ ...right, origin: 'https://evil.example.org' })).toBe(403)
  expect(await change({ ...right, origin: 'null' })).toBe(403)
  expect(await change({ ...right, 'sec-fetch-site': 'same-site' })).toBe(403)
  expect(await change({ ...right, origin: 'https://ci.example.org' })).toBe(404)
  expect(await change({ ...right, 'sec-fetch-site': 'same-origin' })).toBe(404)
})

test('wrong tokens are refused more shortly in the end, right ones never', async () => {
  const { bearer } = await machine('patient')
  const from = { remoteAddress: '192.0.2.1' }
  const wrong = async () =>
    (await ask('GET', '/api/user', { authorization: 'Bearer spt_x' }, undefined, from)).statusCode
  expect([await wrong(), await wrong(), await wrong(), await wrong()]).toEqual([401, 401, 401, 429])
  expect((await ask('GET', '/api/user', bearer, undefined, from)).statusCode).toBe(200)
  const other = { remoteAddress: '192.0.2.3' }
  const spt = { authorization: 'Bearer spt_x' }
  expect((await ask('GET', '/api/user', spt, undefined, other)).statusCode).toBe(401)
  // An address that is only claimed is none.
  const claimed = { authorization: 'Bearer spt_x', 'x-forwarded-for': '192.0.2.9' }
  expect((await ask('GET', '/api/user', claimed, undefined, from)).statusCode).toBe(429)
})

test('unsigned deliveries are refused more shortly in the end', async () => {
  const from = { remoteAddress: '192.0.2.2' }
  const headers = { 'x-sandpiper-signature': `sha256=${'0'.repeat(64)}` }
  const send = async () => (await ask('POST', '/hooks/git?repo=o/n', headers, {}, from)).statusCode
  expect([await send(), await send(), await send(), await send()]).toEqual([401, 401, 401, 429])
})

test('a proxy is believed where the operator names it', async () => {
  const behind = await HttpFixture.open({
    trustedProxies: ['192.0.2.0/24'],
    rates: { wrongProof: 1 },
  })
  const wrong = async (client: string, proxy: string) => {
    const headers = { authorization: 'Bearer spt_x', 'x-forwarded-for': client }
    const options = { method: 'GET', url: '/api/user', headers, remoteAddress: proxy } as const
    return (await behind.app.inject(options)).statusCode
  }
  expect([
    await wrong('203.0.113.1', '192.0.2.1'),
    await wrong('203.0.113.1', '192.0.2.1'),
  ]).toEqual([401, 429])
  expect(await wrong('203.0.113.2', '192.0.2.1')).toBe(401)
  expect([
    await wrong('203.0.113.3', '198.51.100.1'),
    await wrong('203.0.113.4', '198.51.100.1'),
  ]).toEqual([401, 429])
  await behind.close()
})

async function machine(login: string) {
  const response = await ask('POST', '/api/users', AUTHORIZED, { login, machine: true })
  const { id, token } = response.json<{ id: number; token: string }>()
  return { id, token, bearer: { authorization: `Bearer ${token}` } }
}

async function ask(
  method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE',
  url: string,
  headers: Record<string, string>,
  payload?: object,
  more: InjectOptions = {},
) {
  const body = payload === undefined ? {} : { payload }
  return fixture.app.inject({ method, url, headers, ...body, ...more })
}

async function everythingInDatabase(): Promise<string> {
  const tables = ['users', 'user_tokens', 'user_sessions', 'audit'] as const
  const rows = await Promise.all(
    tables.map((table) => fixture.db.selectFrom(table).selectAll().execute()),
  )
  return JSON.stringify(rows)
}
