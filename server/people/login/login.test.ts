import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals'
import { createForges, closeForges } from '../../forges/create-forges.js'
import type { Forges } from '../../forges/types.js'
import { HttpFixture } from '../../http/testing/fixture.js'
import { until } from '../../testing/until.js'
import { readAccount, readAllowList } from '../accounts.js'
import { ROLES_FRESH_MS, ROLES_KEPT_MS } from '../limits.js'
import { Browser } from '../testing/browser.js'
import type { Page } from '../testing/browser.js'
import { OAuthServer } from '../testing/oauth-server.js'
import type { StandInRepo } from '../testing/oauth-server.js'
import { safeReturnTo } from './return-to.js'

const HOME = 'https://ci.example.org'
const HOST = 'ci.example.org'
const SESSION = '__Host-sandpiper_session'
const LOGIN = '__Host-sandpiper_login'

let forge: OAuthServer
let forges: Forges
let fixture: HttpFixture

beforeAll(async () => {
  forge = await OAuthServer.start(`${HOME}/login/gitea/callback`)
  forges = createForges([forge.settings])
  const admins = [readAccount('gitea:root')].filter((one) => one !== null)
  fixture = await HttpFixture.open({ publicUrl: HOME, forges, people: { admins, allow: null } })
  await addRepo('octo', 'secret', { forge: 'gitea', remote_id: '11' })
  await addRepo('octo', 'named', { forge: 'gitea' })
})

afterAll(async () => {
  await fixture.close()
  await closeForges(forges)
  await forge.stop()
})

beforeEach(async () => {
  await forge.control({
    isDown: false,
    locked: [],
    repos: { ada: [repo(11, 'octo/renamed', 'push'), repo(12, 'Octo/Named', 'admin')] },
  })
})

test('a browser is sent to the forge, signs in there, and is signed in here', async () => {
  const browser = newBrowser()
  const page = await browser.request('/login?return=/api/user')
  expect(page.body).toContain('<a href="/login/gitea?return=%2Fapi%2Fuser">Gitea</a>')
  const end = await signIn(browser, 'ada', '/login/gitea?return=/api/user')
  expect(end.url.pathname).toBe('/api/user')
  expect(JSON.parse(end.body)).toMatchObject({
    login: 'ada',
    name: 'ada <b>',
    email: 'ada@example.org',
    forge: 'gitea',
    admin: false,
    csrf_token: expect.stringMatching(/^[\w-]{43}$/),
  })
  expect(browser.cookies(HOST).has(LOGIN)).toBe(false)
  const { body } = await browser.request('/login')
  expect(body).toContain('You are signed in as ada.')
})

test('cookies are for this host alone, and for no script', async () => {
  const browser = newBrowser()
  const begin = await browser.request('/login/gitea')
  expect(begin.headers['set-cookie']).toMatch(
    /^__Host-sandpiper_login=[^;]+; Max-Age=600; Path=\/; HttpOnly; Secure; SameSite=Lax$/,
  )
  const end = await signIn(browser, 'ada', '/login/gitea', true)
  const lines = [end.headers['set-cookie'] ?? []].flat()
  expect(lines).toContainEqual(
    expect.stringMatching(
      /^__Host-sandpiper_session=[\w-]{43}; Path=\/; HttpOnly; Secure; SameSite=Lax$/,
    ),
  )
})

test('roles come from the forge: by its own id of a repo, else by the name', async () => {
  const browser = newBrowser()
  await signIn(browser, 'ada')
  const seen = JSON.parse((await browser.request('/api/user/repos')).body) as { slug: string }[]
  expect(seen.map(({ slug }) => slug)).toEqual(['octo/named', 'octo/secret'])
  expect((await browser.request('/api/repos/octo/secret/hook-secret')).status).toBe(403)
  expect((await browser.request('/api/repos/octo/named/hook-secret')).status).toBe(200)
  const other = newBrowser()
  await signIn(other, 'grace')
  expect((await other.request('/api/repos/octo/secret')).status).toBe(404)
})

test('an administrator is named by the settings', async () => {
  const browser = newBrowser()
  await signIn(browser, 'root')
  expect((await browser.request('/api/users')).status).toBe(200)
})

describe('a sign-in comes to nothing', () => {
  test('in a browser that did not begin it', async () => {
    const [victim, attacker] = [newBrowser(), newBrowser()]
    const { url } = await atCallback(attacker, 'mallory')
    const page = await victim.request(url)
    expect(page.status).toBe(400)
    expect(page.body).toContain('SP_LOGIN_FAILED')
    expect(victim.cookies(HOST).has(SESSION)).toBe(false)
  })

  test('with a cookie of another sign-in', async () => {
    const [victim, attacker] = [newBrowser(), newBrowser()]
    const { url } = await atCallback(attacker, 'mallory')
    await victim.request('/login/gitea')
    const page = await victim.request(url)
    expect([page.status, page.body]).toEqual([400, expect.stringContaining('SP_LOGIN_FAILED')])
    expect(victim.cookies(HOST).has(SESSION)).toBe(false)
  })

  test('a second time with the same code', async () => {
    const browser = newBrowser()
    const { url } = await atCallback(browser, 'ada')
    const cookie = browser.cookies(HOST).get(LOGIN) ?? ''
    expect((await browser.request(url)).status).toBe(303)
    browser.cookies(HOST).set(LOGIN, cookie)
    const page = await browser.request(url)
    expect([page.status, page.body]).toEqual([400, expect.stringContaining('invalid_grant')])
  })

  test('when the person refuses, or the forge is not one of ours', async () => {
    const browser = newBrowser()
    await browser.request('/login/gitea')
    const refused = await browser.request('/login/gitea/callback?error=access_denied&state=x')
    expect(refused.status).toBe(400)
    expect((await browser.request('/login/github')).status).toBe(404)
    expect((await browser.request('/login/github/callback?code=1')).status).toBe(404)
  })

  test('when the forge does not answer, and says so', async () => {
    const browser = newBrowser()
    const { url } = await atCallback(browser, 'ada')
    await forge.control({ isDown: true })
    const page = await browser.request(url)
    expect(page.status).toBeGreaterThanOrEqual(400)
    expect(page.status).not.toBe(500)
    expect(browser.cookies(HOST).has(SESSION)).toBe(false)
  })
})

test('a session ends when its person signs out, and the one before when he signs in again', async () => {
  const browser = newBrowser()
  await signIn(browser, 'ada')
  const first = browser.cookies(HOST).get(SESSION) ?? ''
  await signIn(browser, 'ada')
  const second = browser.cookies(HOST).get(SESSION) ?? ''
  expect(second).not.toBe(first)
  const old = newBrowser()
  old.cookies(HOST).set(SESSION, first)
  expect((await old.request('/api/user')).status).toBe(401)
  const { csrf_token: csrf } = JSON.parse((await browser.request('/api/user')).body) as {
    csrf_token: string
  }
  expect((await browser.request('/logout', { form: { csrf_token: 'x' } })).status).toBe(403)
  expect((await browser.request('/api/user')).status).toBe(200)
  expect((await browser.request('/logout', { form: { csrf_token: csrf } })).status).toBe(303)
  const thief = newBrowser()
  thief.cookies(HOST).set(SESSION, second)
  expect((await thief.request('/api/user')).status).toBe(401)
})

describe('roles of a person who turns up later', () => {
  test('follow the forge', async () => {
    const browser = newBrowser()
    await signIn(browser, 'ada')
    await forge.control({ repos: { ada: [repo(12, 'octo/named', 'pull')] } })
    await age('ada', ROLES_FRESH_MS)
    await until(async () => (await browser.request('/api/repos/octo/secret')).status === 404)
    expect((await browser.request('/api/repos/octo/named/hook-secret')).status).toBe(403)
  })

  test('stay for a while when the forge is down, and are gone then', async () => {
    const browser = newBrowser()
    await signIn(browser, 'ada')
    await forge.control({ isDown: true })
    await age('ada', ROLES_FRESH_MS)
    expect((await browser.request('/api/repos/octo/secret')).status).toBe(200)
    await age('ada', ROLES_KEPT_MS)
    expect((await browser.request('/api/repos/octo/secret')).status).toBe(404)
    expect((await browser.request('/api/user')).status).toBe(200)
    await forge.control({ isDown: false })
    await age('ada', ROLES_KEPT_MS)
    expect((await browser.request('/api/repos/octo/secret')).status).toBe(200)
  })

  test('are gone with the session when the forge has locked the account', async () => {
    const browser = newBrowser()
    await signIn(browser, 'ada')
    await forge.control({ locked: ['ada'] })
    await age('ada', ROLES_FRESH_MS)
    await until(async () => (await browser.request('/api/user')).status === 401)
  })
})

test('tokens for the forge are renewed once, however many ask, and kept sealed', async () => {
  const browser = newBrowser()
  await signIn(browser, 'ada')
  const ada = await fixture.services.people.users.findByLogin('ada')
  const id = ada?.id ?? 0
  const { forgeTokens } = fixture.services.people
  const before = await forgeTokens.of(id)
  const { refreshes } = await forge.control({})
  await fixture.db.updateTable('users').set({ token_expires: 1 }).where('id', '=', id).execute()
  const tokens = new Set(await Promise.all(Array.from({ length: 8 }, () => forgeTokens.of(id))))
  expect(tokens.size).toBe(1)
  expect(tokens.has(before)).toBe(false)
  expect((await forge.control({})).refreshes).toBe(refreshes + 1)
  const row = await fixture.db
    .selectFrom('users')
    .selectAll()
    .where('id', '=', id)
    .executeTakeFirst()
  expect(JSON.stringify(row)).not.toContain([...tokens][0])
})

test('who is not allowed does not get in, but by an organisation that is', async () => {
  const allow = readAllowList(['gitea:named', 'gitea:octo/*'])
  const strict = await HttpFixture.open({ publicUrl: HOME, forges, people: { admins: [], allow } })
  try {
    const [member, stranger] = [new Browser(strict.app, HOME), new Browser(strict.app, HOME)]
    expect((await signIn(member, 'ada')).status).toBe(200)
    const refused = await signIn(stranger, 'mallory')
    expect([refused.status, refused.body]).toEqual([
      403,
      expect.stringContaining('SP_LOGIN_REFUSED'),
    ])
    expect(await strict.services.people.users.findByLogin('mallory')).toBeNull()
    expect((await signIn(new Browser(strict.app, HOME), 'named')).status).toBe(200)
  } finally {
    await strict.close()
  }
})

test.each([
  ['/a/b?c=d#e', '/a/b?c=d#e'],
  [undefined, '/'],
  ['https://evil.example.org/', '/'],
  ['//evil.example.org/', '/'],
  ['/\\evil.example.org', '/'],
  ['/\t/evil.example.org', '/'],
  ['/.//evil.example.org', '/'],
  ['/x/..//evil.example.org', '/'],
  ['/a\r\nset-cookie: x=y', '/aset-cookie:%20x=y'],
  ['javascript:alert(1)', '/'],
])('after signing in, %j leads to %j', (asked, safe) => {
  expect(safeReturnTo(asked)).toBe(safe)
})

function newBrowser(): Browser {
  return new Browser(fixture.app, HOME)
}

/** Goes through the forge's own pages, up to where it sends the browser back to us. */
async function atCallback(browser: Browser, login: string, begin = '/login/gitea'): Promise<Page> {
  const isBack = (url: URL) => url.host === HOST
  const form = await browser.visit(begin, {}, (url) => isBack(url) && url.pathname !== begin)
  if (isBack(form.url)) return form
  const asked = await browser.visit(
    form.url,
    { form: { prompt: 'login', login, password: 'x' } },
    isBack,
  )
  if (isBack(asked.url)) return asked
  return browser.visit(asked.url, { form: { prompt: 'consent' } }, isBack)
}

async function signIn(
  browser: Browser,
  login: string,
  begin = '/login/gitea?return=/api/user',
  isLast = false,
): Promise<Page> {
  const { url } = await atCallback(browser, login, begin)
  return isLast ? browser.request(url) : browser.visit(url)
}

/** Makes what is known of a user that old. */
async function age(login: string, ms: number): Promise<void> {
  const synced = Date.now() - ms - 1
  await fixture.db
    .updateTable('users')
    .set({ synced, sync_tried: 0 })
    .where('login', '=', login)
    .execute()
}

async function addRepo(owner: string, name: string, change: Record<string, string>): Promise<void> {
  await fixture.addRepo(owner, name, 'the-secret-of-hooks')
  await fixture.db
    .updateTable('repos')
    .set({ ...change, visibility: 'private' })
    .where('name', '=', name)
    .execute()
}

function repo(id: number, slug: string, right: 'pull' | 'push' | 'admin'): StandInRepo {
  const permissions = { admin: right === 'admin', push: right !== 'pull' }
  return { id, full_name: slug, private: true, permissions }
}
