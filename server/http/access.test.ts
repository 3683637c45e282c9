import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import { pino } from 'pino'
import type { Role } from '../people/principal.js'
import { csrfTokenOf } from '../people/secret-values.js'
import type { User } from '../people/types.js'
import type { Access, AccessEntry } from './access.js'
import { plainUrl } from './access-markdown.js'
import type { App } from './app-types.js'
import { createHttpApp } from './app.js'
import { ADMIN_TOKEN, HttpFixture } from './testing/fixture.js'

/** A request with this header that the guard lets in gets `LET_IN`: nothing behind the guard happens. */
const PROBE = 'x-probe-of-the-guard'
const LET_IN = 299

/** Codes of what the guard itself answers, and nothing behind it with these repos. */
const GUARDS = ['SP_HTTP_UNAUTHORIZED', 'SP_HTTP_FORBIDDEN', 'SP_HTTP_CSRF', 'SP_REPO_UNKNOWN']

const REPOS = ['public', 'internal', 'private', 'missing'] as const
type RepoKind = (typeof REPOS)[number]
type Answer = 'in' | 401 | 403 | 404

/** A caller, and what he is: the words that the expectations below are in. */
interface Caller {
  readonly name: string
  readonly headers: Readonly<Record<string, string>>
  /** `wrong`: what he shows proves nothing. */
  readonly known: 'nobody' | 'signed in' | 'administrator' | 'wrong'
  /** In every repo that is there. */
  readonly role: Role | null
  readonly scope: Role | null
  readonly lacksCsrf?: boolean
}

let fixture: HttpFixture
let callers: readonly Caller[]
let table: readonly AccessEntry[]

beforeAll(async () => {
  const many = 1_000_000
  fixture = await HttpFixture.open({
    extend: probed,
    rates: { anonymous: many, user: many, wrongProof: many, wrongSignature: many },
  })
  table = fixture.app.accessTable
  for (const kind of REPOS) {
    if (kind === 'missing') continue
    await fixture.addRepo(kind, 'r', 'the-secret-of-hooks')
    const change = { visibility: kind }
    await fixture.db.updateTable('repos').set(change).where('owner', '=', kind).execute()
  }
  callers = await makeCallers()
})

afterAll(() => fixture.close())

function probed(app: App): void {
  // The guard is an `onRequest` hook: whatever comes to the next kind of hooks was let in.
  app.addHook('preParsing', async (request, reply) => {
    if (request.headers[PROBE] === undefined) return
    await reply.code(LET_IN).send({})
  })
}

describe('the table of routes', () => {
  test('has every route, with who may call it', () => {
    expect(table.length).toBeGreaterThan(40)
    expect(table).toContainEqual({ method: 'GET', url: '/api/repos', access: 'user' })
  })

  test('lets no route be without an entry', async () => {
    const { services } = fixture
    const options = { adminToken: 't', publicUrl: 'http://ci.example.org', bodyBytesMax: 1 }
    const extend = (app: App) => void app.get('/forgotten', () => 'oh')
    const logger = pino({ level: 'silent' })
    await expect(
      createHttpApp({ ...options, services, extend, logger, version: '0' }),
    ).rejects.toThrow('GET /forgotten says no access')
  })

  test.each(REPOS)(
    'is what callers of every kind meet, with a %s repo',
    async (kind) => {
      const wrong: string[] = []
      for (const entry of table) {
        for (const caller of callers) {
          const expected = expectation(entry, caller, kind)
          if (expected === null) continue
          const found = await probe(entry, caller, kind)
          const what = `${caller.name}: ${entry.method} ${entry.url} (${entry.access})`
          if (found !== expected) wrong.push(`${what}: ${found} instead of ${expected}`)
        }
      }
      expect(wrong).toEqual([])
    },
    120_000,
  )

  test('is kept without the probe too: who is refused by it is refused by the server as it is', async () => {
    const wrong: string[] = []
    for (const entry of table.filter(({ method }) => method !== 'HEAD')) {
      for (const caller of callers) {
        const expected = expectation(entry, caller, 'private')
        if (expected === null || expected === 'in') continue
        const { statusCode } = await send(entry, caller, 'private', {})
        const what = `${caller.name}: ${entry.method} ${entry.url}`
        if (statusCode !== expected) wrong.push(`${what}: ${statusCode}`)
      }
    }
    expect(wrong).toEqual([])
  }, 120_000)
})

test('a private repo can not be told from one that is not there', async () => {
  const caller = callers.find(({ name }) => name === 'without a role')
  const nobody = callers.find(({ name }) => name === 'nobody')
  if (caller === undefined || nobody === undefined) throw new Error('no such caller')
  const repoRoutes = table.filter(
    ({ url, method }) => url.includes('/:owner/:name') && method !== 'HEAD',
  )
  for (const who of [caller, nobody]) {
    for (const entry of repoRoutes.filter(({ access }) => access !== 'open')) {
      const [there, missing] = await Promise.all(
        (['private', 'missing'] as const).map(async (kind) => {
          const { statusCode, headers, json } = await send(entry, who, kind, {})
          const { instance: _, ...problem } = json as Record<string, unknown>
          const text = JSON.stringify(problem).replaceAll(kind, 'REPO')
          return { statusCode, text, names: Object.keys(headers).sort() }
        }),
      )
      expect(there).toEqual(missing)
    }
  }
})

test('what only reads may be had of a protected repo by writers, and what changes it by admins', async () => {
  const write = table.filter(({ access }) => access === 'repo:write')
  expect(write.length).toBeGreaterThan(1)
  const set = (isProtected: number) =>
    fixture.db
      .updateTable('repos')
      .set({ protected: isProtected })
      .where('owner', '=', 'internal')
      .execute()
  await set(1)
  const answers = async (name: string) => {
    const caller = callers.find((one) => one.name === name)
    if (caller === undefined) throw new Error('no such caller')
    return new Set(await Promise.all(write.map((entry) => probe(entry, caller, 'internal'))))
  }
  expect(await answers('writer')).toEqual(new Set([403]))
  expect(await answers('token of an admin, to write')).toEqual(new Set([403]))
  expect(await answers('admin of the repo')).toEqual(new Set(['in']))
  await set(0)
  expect(await answers('writer')).toEqual(new Set(['in']))
})

/** What the table means for a caller; null where the route itself, not the guard, decides. */
function expectation(entry: AccessEntry, caller: Caller, kind: RepoKind): Answer | null {
  const { access } = entry
  if (access === 'open') return 'in'
  if (access === 'hook' || access === 'metrics') return null
  if (caller.known === 'wrong') return 401
  const isChange = !['GET', 'HEAD'].includes(entry.method)
  if (isChange && caller.lacksCsrf === true) return 403
  const isWhole = caller.scope === null || caller.scope === 'admin'
  if (access === 'user') {
    if (caller.known === 'nobody') return 401
    return isChange && !isWhole ? 403 : 'in'
  }
  if (access === 'admin') {
    if (caller.known === 'nobody') return 401
    return caller.known === 'administrator' && isWhole ? 'in' : 403
  }
  return repoExpectation(access, caller, kind, isWhole)
}

function repoExpectation(
  access: Exclude<Access, 'open' | 'hook' | 'metrics' | 'user' | 'admin'>,
  caller: Caller,
  kind: RepoKind,
  isWhole: boolean,
): Answer {
  // Whether there is such a repo is for the route to say to who sees all.
  if (caller.known === 'administrator' && isWhole) return 'in'
  // To them any owner is one, for there may be secrets before there is a repo.
  if (caller.known === 'administrator' && access === 'org:admin') return 403
  const may = mayDo(caller, kind)
  if (may.length === 0) return caller.known === 'nobody' ? 401 : 404
  const wanted = access === 'org:admin' ? 'admin' : access.slice('repo:'.length)
  if (may.includes(wanted)) return 'in'
  return caller.known === 'nobody' ? 401 : 403
}

/** Everything that a caller may do with a repo, spelled out. */
function mayDo({ known, role, scope }: Caller, kind: RepoKind): readonly string[] {
  const all = ['read', 'write', 'admin']
  const upTo = (top: string | null) => (top === null ? [] : all.slice(0, all.indexOf(top) + 1))
  if (kind === 'missing') return []
  const isSeen = kind === 'public' || (kind === 'internal' && known !== 'nobody')
  const given = known === 'administrator' ? all : upTo(role)
  const may = given.length === 0 && isSeen ? ['read'] : given
  return scope === null ? may : may.filter((one) => upTo(scope).includes(one))
}

async function probe(
  entry: AccessEntry,
  caller: Caller,
  kind: RepoKind,
): Promise<Answer | `${number} ${string}`> {
  const { statusCode, code } = await send(entry, caller, kind, { [PROBE]: '1' })
  if (statusCode === LET_IN) return 'in'
  // HEAD has no body to read a code from.
  const isGuards = entry.method === 'HEAD' || GUARDS.includes(code)
  return isGuards ? (statusCode as Answer) : `${statusCode} ${code}`
}

async function send(
  entry: AccessEntry,
  caller: Caller,
  kind: RepoKind,
  headers: Readonly<Record<string, string>>,
) {
  const response = await fixture.app.inject({
    method: entry.method as 'GET',
    url: addressOf(entry.url, kind),
    headers: { ...caller.headers, ...headers },
  })
  const isJson = String(response.headers['content-type']).includes('json') && response.body !== ''
  const json: unknown = isJson ? response.json() : null
  const code = isJson ? ((json as { readonly code?: string }).code ?? '') : ''
  return { statusCode: response.statusCode, headers: response.headers, json, code }
}

/** An address of the route about the repo. */
function addressOf(url: string, kind: RepoKind): string {
  const values: Readonly<Record<string, string>> = { owner: kind, namespace: kind, name: 'r' }
  return plainUrl(url)
    .replace(/:([a-zA-Z]+)/g, (_match, name: string) => values[name] ?? '1')
    .replace('*', '')
}

async function makeCallers(): Promise<readonly Caller[]> {
  const [stranger, reader, writer, admin] = await Promise.all([
    person('stranger', null),
    person('reader', 'read'),
    person('writer', 'write'),
    person('admin', 'admin'),
  ])
  const [root, shut, late] = await Promise.all([
    person('root', null, { admin: 1 }),
    person('shut', 'admin'),
    person('late', 'admin'),
  ])
  const expired = await bearer(late, 'admin')
  await fixture.db
    .updateTable('user_tokens')
    .set({ expires: 1 })
    .where('user_id', '=', late.id)
    .execute()
  const closed = await bearer(shut, 'admin')
  const closedSession = await session(shut)
  await fixture.services.people.users.update(ACTOR, shut.id, { active: false })
  const known = 'signed in'
  const adminSession = await session(admin)
  const rootSession = await session(root)
  return [
    { name: 'nobody', headers: {}, known: 'nobody', role: null, scope: null },
    {
      name: 'without a role',
      headers: await bearer(stranger, 'admin'),
      known,
      role: null,
      scope: null,
    },
    { name: 'reader', headers: await bearer(reader, 'admin'), known, role: 'read', scope: null },
    { name: 'writer', headers: await bearer(writer, 'admin'), known, role: 'write', scope: null },
    {
      name: 'admin of the repo',
      headers: await bearer(admin, 'admin'),
      known,
      role: 'admin',
      scope: null,
    },
    {
      ...{ name: 'token of an admin, to read', headers: await bearer(admin, 'read') },
      ...{ known, role: 'admin', scope: 'read' },
    },
    {
      ...{ name: 'token of an admin, to write', headers: await bearer(admin, 'write') },
      ...{ known, role: 'admin', scope: 'write' },
    },
    {
      ...{ name: 'token of an administrator, to read', headers: await bearer(root, 'read') },
      ...{ known: 'administrator', role: null, scope: 'read' },
    },
    {
      name: 'administrator',
      headers: await bearer(root, 'admin'),
      known: 'administrator',
      role: null,
      scope: null,
    },
    {
      ...{ name: 'the installation', headers: { authorization: `Bearer ${ADMIN_TOKEN}` } },
      ...{ known: 'administrator', role: null, scope: null },
    },
    { name: 'browser of an admin', headers: adminSession.whole, known, role: 'admin', scope: null },
    {
      ...{ name: 'browser of an admin, without CSRF token', headers: adminSession.bare },
      ...{ known, role: 'admin', scope: null, lacksCsrf: true },
    },
    {
      ...{ name: 'browser of an administrator, by another site', known: 'administrator' },
      headers: { ...rootSession.whole, origin: 'https://evil.example.org' },
      ...{ role: null, scope: null, lacksCsrf: true },
    },
    { name: 'expired token', headers: expired, known: 'wrong', role: 'admin', scope: null },
    {
      name: 'token of who is shut out',
      headers: closed,
      known: 'wrong',
      role: 'admin',
      scope: null,
    },
    // A cookie that is good for nothing is none.
    {
      name: 'browser of who is shut out',
      headers: closedSession.whole,
      known: 'nobody',
      role: null,
      scope: null,
    },
    {
      ...{ name: 'made-up token', headers: { authorization: `Bearer spt_${'0'.repeat(64)}` } },
      ...{ known: 'wrong', role: null, scope: null },
    },
  ]
}

const ACTOR = { userId: 0, login: 'test', via: 'admin-token' } as const

async function person(login: string, role: Role | null, change = {}): Promise<User> {
  const { people, repos } = fixture.services
  const { user } = await people.users.addMachine(ACTOR, { login, admin: false })
  await fixture.db
    .updateTable('users')
    .set({ ...change, updated: 0 })
    .where('id', '=', user.id)
    .execute()
  for (const kind of REPOS) {
    const repo = await repos.find(kind, 'r')
    if (repo !== null && role !== null) await people.roles.setMember(ACTOR, repo, user, role)
  }
  return user
}

async function bearer(user: User, scope: Role): Promise<{ readonly authorization: string }> {
  const owner = { userId: user.id, login: user.login, via: 'session' } as const
  const token = { name: `for the test, ${scope}`, scope, expires: 0 }
  const { secret } = await fixture.services.people.tokens.create(owner, token)
  return { authorization: `Bearer ${secret}` }
}

async function session(user: User) {
  const value = await fixture.services.people.sessions.start(user.id, { agent: 'test' })
  // The address of the fixture is https.
  const bare = { cookie: `__Host-sandpiper_session=${value}` }
  return { bare, whole: { ...bare, 'x-csrf-token': csrfTokenOf(value) } }
}
