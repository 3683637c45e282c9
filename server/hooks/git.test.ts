import { randomUUID } from 'node:crypto'
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals'
import { signBody } from '../../protocol/git-hook.js'
import { BODY_BYTES_MAX, HttpFixture } from '../http/testing/fixture.js'

const SECRET = 'the secret of o/n'
const COMMIT = 'ab'.repeat(20)

let fixture: HttpFixture
beforeAll(async () => {
  fixture = await HttpFixture.open()
  await fixture.addRepo('o', 'n', SECRET)
  await fixture.addRepo('o', 'other', 'the secret of o/other')
})
afterAll(() => fixture.close())

function payload(changes: Record<string, unknown> = {}): string {
  return JSON.stringify({
    delivery: randomUUID(),
    repo: 'o/n',
    ref: 'refs/heads/main',
    before: '0'.repeat(40),
    after: COMMIT,
    message: 'Add a thing\n\nwith a body',
    author: { name: 'Ada', email: 'ada@example.org' },
    pusher: 'ada',
    time: 1_795_000_000_000,
    ...changes,
  })
}

function send(body: string | Buffer, options: { signature?: string; query?: string } = {}) {
  return fixture.app.inject({
    method: 'POST',
    url: `/hooks/git${options.query ?? '?repo=o/n'}`,
    headers: {
      'content-type': 'application/json',
      ...(options.signature === ''
        ? {}
        : { 'x-sandpiper-signature': options.signature ?? signBody(SECRET, body) }),
    },
    payload: body,
  })
}

async function eventOf(number: number): Promise<unknown> {
  const repo = await fixture.services.repos.find('o', 'n')
  const detail = await fixture.services.builds.find(repo!, number)
  return JSON.parse(detail!.build.event_json)
}

async function buildCount(): Promise<number> {
  return (await fixture.db.selectFrom('builds').select('id').execute()).length
}

describe('POST /hooks/git', () => {
  it('makes a build of a push and answers 202 with its number and address', async () => {
    const response = await send(payload({ delivery: 'first' }))
    expect(response.statusCode).toBe(202)
    const answer = response.json<{ number: number }>()
    expect(answer).toMatchObject({
      delivery: 'first',
      event: 'push',
      repo: 'o/n',
      duplicate: false,
      reason: '',
      status: 'pending',
      link: `https://ci.example.org/o/n/${answer.number}`,
    })
    expect(await eventOf(answer.number)).toEqual({
      event: 'push',
      action: '',
      ref: 'refs/heads/main',
      branch: 'main',
      sourceBranch: 'main',
      sourceRepo: '',
      after: COMMIT,
      before: '0'.repeat(40),
      message: 'Add a thing\n\nwith a body',
      title: '',
      link: '',
      author: { login: '', name: 'Ada', email: 'ada@example.org', avatar: '' },
      sender: 'ada',
      cron: '',
      deployTo: '',
      params: {},
    })
  })

  it('keeps when the commit was made', async () => {
    const committed = 1_795_000_000_000
    const answer = (await send(payload({ committed }))).json<{ number: number }>()
    expect(await eventOf(answer.number)).toMatchObject({ committed })
    const none = (await send(payload({ committed: -1 }))).json<{ number: number }>()
    expect(await eventOf(none.number)).not.toHaveProperty('committed')
  })

  it('makes a tag event of a pushed tag', async () => {
    const answer = (await send(payload({ ref: 'refs/tags/v1.0' }))).json<{ number: number }>()
    expect(await eventOf(answer.number)).toMatchObject({ event: 'tag', branch: '' })
  })

  it('takes a payload of the required fields alone', async () => {
    const body = JSON.stringify({
      delivery: randomUUID(),
      repo: 'o/n',
      ref: 'refs/heads/x',
      after: COMMIT,
    })
    expect((await send(body)).statusCode).toBe(202)
  })

  it('accepts the signature under the name that GitHub gave it', async () => {
    const body = payload()
    const response = await fixture.app.inject({
      method: 'POST',
      url: '/hooks/git',
      headers: { 'x-hub-signature-256': signBody(SECRET, body) },
      payload: body,
    })
    expect(response.statusCode).toBe(202)
  })

  it('answers a replay with the build of the first delivery and makes no other', async () => {
    const body = payload()
    const first = (await send(body)).json<{ number: number }>()
    const before = await buildCount()
    const again = await send(body)
    expect(again.statusCode).toBe(200)
    expect(again.json()).toMatchObject({ duplicate: true, number: first.number })
    expect(await buildCount()).toBe(before)
  })

  it('finds the repo by its secret when the address does not name one', async () => {
    const response = await send(payload(), { query: '' })
    expect(response.json()).toMatchObject({ repo: 'o/n' })
  })

  it('makes no build of a deleted branch and says so', async () => {
    const response = await send(payload({ after: '0'.repeat(40) }))
    expect(response.statusCode).toBe(200)
    expect(response.json()).toMatchObject({ reason: 'refs/heads/main was deleted' })
    expect(response.json()).not.toHaveProperty('number')
  })

  it.each(['[skip ci]', 'docs [CI SKIP]', '***NO_CI***'])('obeys %s', async (message) => {
    const response = await send(payload({ message }))
    expect(response.statusCode).toBe(200)
    expect(response.json<{ reason: string }>().reason).toContain('the commit message has')
  })

  it.each([
    ['no signature', ''],
    ['a wrong secret', signBody('another', 'x')],
    ['a shorter signature', 'sha256=abcd'],
    ['a longer signature', `${signBody(SECRET, 'x')}00`],
    ['another algorithm', `sha1=${'a'.repeat(40)}`],
    ['a bare digest', 'a'.repeat(64)],
    ['no hex', `sha256=${'g'.repeat(64)}`],
    ['two signatures', `${signBody(SECRET, 'x')}, ${signBody(SECRET, 'x')}`],
  ])('refuses %s with 401 and makes nothing', async (_case, signature) => {
    const before = await buildCount()
    const response = await send(payload(), { signature })
    expect(response.statusCode).toBe(401)
    expect(response.json<{ code: string }>().code).toMatch(/^SP_HOOK_(UNSIGNED|BAD_SIGNATURE)$/)
    expect(await buildCount()).toBe(before)
  })

  it('refuses a body that was changed by one byte', async () => {
    const body = payload()
    const response = await send(body.replace(COMMIT, `c${COMMIT.slice(1)}`), {
      signature: signBody(SECRET, body),
    })
    expect(response.json()).toMatchObject({ status: 401, code: 'SP_HOOK_BAD_SIGNATURE' })
  })

  it('checks the signature before it looks at the body', async () => {
    const response = await send('{ not json', { signature: signBody('another', '{ not json') })
    expect(response.statusCode).toBe(401)
  })

  it('does not let one repo speak for another', async () => {
    const before = await buildCount()
    for (const query of ['?repo=o/n', '']) {
      const response = await send(payload({ repo: 'o/other' }), { query })
      expect(response.json()).toMatchObject({ status: 401, code: 'SP_HOOK_BAD_SIGNATURE' })
    }
    expect(await buildCount()).toBe(before)
  })

  it.each(['?repo=no/where', '?repo=..%2f..%2fetc', '?repo=o', '?repo=', '?repo=o/n/x'])(
    'answers 404 for the unknown repo of %s',
    async (query) => {
      const response = await send(payload(), { query })
      expect(response.json()).toMatchObject({ status: 404, code: 'SP_HOOK_REPO_UNKNOWN' })
    },
  )

  it('answers 404 when a signed body names a repo that is not here', async () => {
    const response = await send(payload({ repo: 'no/where' }), { query: '' })
    expect(response.json()).toMatchObject({ status: 404, code: 'SP_HOOK_REPO_UNKNOWN' })
  })

  it('answers 400 when the address names several repos', async () => {
    const response = await send(payload(), { query: '?repo=o/n&repo=o/other' })
    expect(response.json()).toMatchObject({ status: 400, code: 'SP_HTTP_INVALID' })
  })

  it.each([
    ['delivery', { delivery: undefined }],
    ['delivery', { delivery: '' }],
    ['delivery', { delivery: 'a\r\nSet-Cookie: b' }],
    ['delivery', { delivery: 'x'.repeat(129) }],
    ['repo', { repo: 7 }],
    ['ref', { ref: undefined }],
    ['ref', { ref: 'main' }],
    ['ref', { ref: 'refs/heads/a..b' }],
    ['ref', { ref: 'refs/heads/--upload-pack=x' }],
    ['ref', { ref: 'refs/heads/a\nb' }],
    ['ref', { ref: `refs/heads/${'x'.repeat(2000)}` }],
    ['after', { after: undefined }],
    ['after', { after: 'main' }],
    ['after', { after: COMMIT.toUpperCase() }],
    ['before', { before: '--x' }],
    ['author.name', { author: { name: 3 } }],
    ['author', { author: null }],
    ['time', { time: 'now' }],
  ])('answers 400 and names the field %s (%#)', async (field, changes) => {
    const response = await send(payload(changes))
    expect(response.json()).toMatchObject({ status: 400, code: 'SP_HOOK_BODY_INVALID' })
    expect(response.json<{ detail: string }>().detail).toContain(`Field '${field}'`)
  })

  it.each([
    ['nothing', ''],
    ['no JSON', '{"delivery":'],
    ['a list', '[]'],
    ['null', 'null'],
    ['bytes that are no UTF-8', Buffer.from([0x22, 0xff, 0x22])],
    ['a tower of brackets', '['.repeat(500_000)],
  ])('answers 400 for %s', async (_case, body) => {
    const response = await send(body)
    expect(response.json()).toMatchObject({ status: 400, code: 'SP_HOOK_BODY_INVALID' })
  })

  it('takes no field from a prototype', async () => {
    const { after, ...rest } = JSON.parse(payload()) as Record<string, unknown>
    const text = JSON.stringify(rest)
    const poisoned = `${text.slice(0, -1)},"__proto__":{"after":"${String(after)}"},"constructor":{"prototype":{"polluted":1}}}`
    const response = await send(poisoned)
    expect(response.json<{ detail: string }>().detail).toContain("Field 'after' is missing")
    expect({}).not.toHaveProperty('polluted')
  })

  it('cuts endless texts and keeps what no environment variable can hold out of the event', async () => {
    const long = 'x'.repeat(1024 * 1024)
    const response = await send(
      payload({ message: `\0${long}`, author: { name: `a\r\nb${long}`, email: '\ud800' } }),
    )
    expect(response.statusCode).toBe(202)
    const event = (await eventOf(response.json<{ number: number }>().number)) as {
      message: string
      author: { name: string; email: string }
    }
    expect(event.message).toHaveLength(16 * 1024)
    expect(event.message.startsWith('\uFFFDx')).toBe(true)
    expect(event.author.name.startsWith('a  bx')).toBe(true)
    expect(event.author.name).toHaveLength(1024)
    expect(event.author.email).toBe('\uFFFD')
  })

  it.each(['text/plain', 'application/octet-stream', 'application/x-www-form-urlencoded'])(
    'reads the raw body whatever its content type is (%s)',
    async (type) => {
      const body = payload()
      const response = await fixture.app.inject({
        method: 'POST',
        url: '/hooks/git',
        headers: { 'content-type': type, 'x-sandpiper-signature': signBody(SECRET, body) },
        payload: body,
      })
      expect(response.statusCode).toBe(202)
    },
  )

  it('answers 413 with a problem document for a body over the limit', async () => {
    const response = await send('x'.repeat(BODY_BYTES_MAX + 1))
    expect(response.json()).toMatchObject({ status: 413, code: 'SP_HTTP_BODY_TOO_LARGE' })
  })

  it.each(['GET', 'HEAD', 'PUT', 'DELETE'] as const)('does not answer %s', async (method) => {
    const response = await fixture.app.inject({ method, url: '/hooks/git' })
    expect(response.statusCode).toBe(405)
  })

  it('says to OPTIONS that it takes POST', async () => {
    const { statusCode, headers } = await fixture.app.inject({
      method: 'OPTIONS',
      url: '/hooks/git',
    })
    expect([statusCode, headers.allow]).toEqual([204, 'OPTIONS, POST'])
  })

  it('logs neither signature nor secret', async () => {
    const body = payload()
    await send(body)
    const log = fixture.logged.join('')
    expect(log).toContain('/hooks/git')
    expect(log).not.toContain(signBody(SECRET, body).slice('sha256='.length))
    expect(log).not.toContain(SECRET)
  })
})

describe('POST /hooks/git without ?repo=', () => {
  it('tells repos that share a secret apart by the body', async () => {
    await fixture.addRepo('twin', 'a', 'a shared secret')
    await fixture.addRepo('twin', 'b', 'a shared secret')
    for (const repo of ['twin/b', 'twin/a']) {
      const body = payload({ repo })
      const signature = signBody('a shared secret', body)
      expect((await send(body, { query: '', signature })).json()).toMatchObject({ repo })
    }
  })

  it('does not try every secret on a large body', async () => {
    for (let i = 0; i < 66; i += 1) await fixture.addRepo(`many${i}`, 'r', 'a shared secret')
    const message = 'x'.repeat(BODY_BYTES_MAX - 1024)
    const response = await send(payload({ repo: 'r', message }), { query: '' })
    expect(response.json()).toMatchObject({ status: 400, code: 'SP_HOOK_REPO_UNNAMED' })
    expect((await send(payload({ message }), { query: '' })).statusCode).toBe(202)
  })
})
