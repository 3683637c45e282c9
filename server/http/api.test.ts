import { afterAll, beforeAll, describe, expect, it } from '@jest/globals'
import { pino } from 'pino'
import { pipelineJsonSchema } from '../../pipelines/schema/json-schema.js'
import type { LogRef } from '../logs/log-store.js'
import { createHttpApp } from './app.js'
import { saveStepSeries } from '../store/step-usage.js'
import { ADMIN_TOKEN, AUTHORIZED, HttpFixture } from './testing/fixture.js'

let fixture: HttpFixture
let log: LogRef
beforeAll(async () => {
  fixture = await HttpFixture.open()
  await fixture.addRepo('o', 'n', 'hook secret')
  log = await fixture.runningStep('o', 'n')
})
afterAll(() => fixture.close())

type Method = 'GET' | 'HEAD' | 'POST' | 'PUT' | 'DELETE' | 'OPTIONS' | 'PATCH'

function call(method: Method, url: string, payload?: object | string, headers = {}) {
  return fixture.app.inject({
    method,
    url,
    headers: { ...AUTHORIZED, ...headers },
    ...(payload === undefined ? {} : { payload }),
  })
}

const get = (url: string) => call('GET', url)

describe('the admin token', () => {
  it.each([
    undefined,
    '',
    'Bearer',
    'Bearer ',
    'Bearer wrong',
    `Basic ${ADMIN_TOKEN}`,
    `Bearer ${ADMIN_TOKEN}x`,
    `Bearer ${ADMIN_TOKEN.slice(0, -1)}`,
    `Bearer ${ADMIN_TOKEN} ${ADMIN_TOKEN}`,
    ADMIN_TOKEN,
  ])('is needed under /api: %j is answered with 401', async (authorization) => {
    for (const url of ['/api/repos', '/api/repos/o/n/builds/1', '/api', '/api/no/such/thing']) {
      const headers = authorization === undefined ? {} : { authorization }
      const response = await fixture.app.inject({ url, headers })
      expect(response.json()).toMatchObject({ status: 401, code: 'SP_HTTP_UNAUTHORIZED' })
      expect(response.headers['www-authenticate']).toBe('Bearer realm="sandpiper"')
    }
  })

  it('is asked for before a body is looked at', async () => {
    const response = await fixture.app.inject({ method: 'POST', url: '/api/repos', payload: '{' })
    expect(response.statusCode).toBe(401)
  })

  it('is taken whatever the case of the scheme', async () => {
    const headers = { authorization: `bearer ${ADMIN_TOKEN}` }
    expect((await fixture.app.inject({ url: '/api/repos', headers })).statusCode).toBe(200)
  })

  it('is not logged', async () => {
    await get('/api/repos')
    fixture.app.log.info({ headers: AUTHORIZED, req: { headers: AUTHORIZED } }, 'by mistake')
    expect(fixture.logged.join('')).toContain('by mistake')
    expect(fixture.logged.join('')).not.toContain(ADMIN_TOKEN)
  })
})

describe('open routes', () => {
  it('say what this is', async () => {
    const response = await fixture.app.inject('/')
    expect(response.headers['content-type']).toBe('text/plain; charset=utf-8')
    expect(response.body).toContain('https://ci.example.org/api')
    expect((await fixture.app.inject('/version')).json()).toEqual({
      name: 'sandpiper',
      version: '0.0.0-test',
    })
    expect((await fixture.app.inject('/healthz')).json()).toEqual({ status: 'ok' })
  })

  it('give editors the schema of pipeline files, from any page and without a token', async () => {
    const url = '/schema/pipeline.json'
    const response = await fixture.app.inject(url)
    expect(response.statusCode).toBe(200)
    expect(response.headers).toMatchObject({
      'content-type': 'application/schema+json; charset=utf-8',
      'access-control-allow-origin': '*',
      'cross-origin-resource-policy': 'cross-origin',
      'cache-control': 'public, max-age=3600',
      'x-content-type-options': 'nosniff',
    })
    expect(response.json()).toEqual(JSON.parse(JSON.stringify(pipelineJsonSchema())))
    const etag = String(response.headers.etag)
    for (const tag of [etag, `W/${etag}`, `"other", ${etag}`]) {
      const again = await fixture.app.inject({ url, headers: { 'if-none-match': tag } })
      expect([again.statusCode, again.body, again.headers.etag]).toEqual([304, '', etag])
    }
    const changed = await fixture.app.inject({ url, headers: { 'if-none-match': '"other"' } })
    expect(changed.statusCode).toBe(200)
  })

  it('say ready only when every check is', async () => {
    expect((await fixture.app.inject('/readyz')).statusCode).toBe(200)
    const detail = 'redis does not answer'
    const failing = { name: 'redis', required: true, ok: false, detail }
    const other = await HttpFixture.open({ health: [failing, { ...failing, ok: true }] })
    const response = await other.app.inject('/readyz')
    expect(response.statusCode).toBe(503)
    expect(response.json()).toMatchObject({ status: 'unavailable', failing: [failing] })
    await other.close()
  })

  it('say what only works worse', async () => {
    const failing = { name: 'runners', required: false, ok: false, detail: 'nobody is there' }
    const other = await HttpFixture.open({ health: [failing] })
    const response = await other.app.inject('/readyz')
    expect([response.statusCode, response.json()]).toMatchObject([200, { status: 'degraded' }])
    await other.close()
  })
})

describe('repos', () => {
  it('are added, listed, shown and removed', async () => {
    const added = await call('POST', '/api/repos', {
      slug: 'Acme/site.io',
      clone_url: 'https://git.example.org/Acme/site.io.git',
      default_branch: 'trunk',
    })
    expect(added.statusCode).toBe(201)
    expect(added.headers.location).toBe('https://ci.example.org/api/repos/Acme/site.io')
    const repo = added.json<{ hook_secret: string }>()
    expect(repo.hook_secret.length).toBeGreaterThan(15)
    expect(repo).toMatchObject({
      namespace: 'Acme',
      name: 'site.io',
      slug: 'Acme/site.io',
      clone_url: 'https://git.example.org/Acme/site.io.git',
      git_http_url: 'https://git.example.org/Acme/site.io.git',
      default_branch: 'trunk',
      active: true,
      hooks: {
        git: 'https://ci.example.org/hooks/git?repo=Acme/site.io',
        github: 'https://ci.example.org/hooks/github?repo=Acme/site.io',
      },
    })
    const listed = (await get('/api/repos')).json<{ slug: string }[]>()
    expect(listed.map(({ slug }) => slug)).toEqual(['Acme/site.io', 'o/n'])
    const shown = await get('/api/repos/Acme/site.io')
    expect(shown.json()).toMatchObject({ slug: 'Acme/site.io' })
    expect(shown.body).not.toContain(repo.hook_secret)
    expect(added.headers['cache-control']).toBe('no-store')
    const secret = await get('/api/repos/Acme/site.io/hook-secret')
    expect(secret.json()).toEqual({ hook_secret: repo.hook_secret })
    expect((await call('DELETE', '/api/repos/Acme/site.io?remove=true')).statusCode).toBe(204)
    expect((await get('/api/repos/Acme/site.io')).statusCode).toBe(404)
    const again = await call('DELETE', '/api/repos/Acme/site.io?remove=true')
    expect(again.json()).toMatchObject({ status: 404, code: 'SP_REPO_UNKNOWN' })
  })

  it('are added with owner and name, and the secret that was given', async () => {
    const body = {
      owner: 'a',
      name: 'b',
      clone_url: 'git@git.example.org:a/b.git',
      secret: 'secret-3',
    }
    const added = await call('POST', '/api/repos', body)
    expect(added.json()).toMatchObject({
      slug: 'a/b',
      hook_secret: 'secret-3',
      git_ssh_url: 'git@git.example.org:a/b.git',
    })
    const again = await call('POST', '/api/repos', body)
    expect(again.json()).toMatchObject({ status: 409, code: 'SP_REPO_EXISTS' })
    await call('DELETE', '/api/repos/a/b')
  })

  const url = 'https://git.example.org/x.git'
  it.each([
    ['clone_url', { owner: 'a', name: 'b' }],
    ['slug', { clone_url: url }],
    ['slug', { slug: 'a/b', owner: 'a', name: 'b', clone_url: url }],
    ['slug', { slug: 'a', clone_url: url }],
    ['slug', { slug: 'a/b/c', clone_url: url }],
    ['slug', { slug: '../b', clone_url: url }],
    ['slug', { slug: 'a/--x', clone_url: url }],
    ['owner', { owner: '..', name: 'b', clone_url: url }],
    ['owner', { owner: 'a/b', name: 'b', clone_url: url }],
    ['name', { owner: 'a', name: 'b\r\nX: y', clone_url: url }],
    ['name', { owner: 'a', name: 'b'.repeat(101), clone_url: url }],
    ['secret', { slug: 'a/b', clone_url: url, secret: 7 }],
    ['colour', { slug: 'a/b', clone_url: url, colour: 'red' }],
    ['clone url', { slug: 'a/b', clone_url: 'ext::sh -c id' }],
    ['clone url', { slug: 'a/b', clone_url: 'https://user:token@git.example.org/x.git' }],
    ['secret', { slug: 'a/b', clone_url: url, secret: 'short' }],
    ['body', 'text'],
    ['body', '[]'],
    ['body', '{"slug"'],
    ['body', '{"slug":"a/b","clone_url":"x","__proto__":{"polluted":1}}'],
    ['body', '{"slug":"a/b","clone_url":"x","constructor":{"prototype":{"polluted":1}}}'],
  ])('are refused with 400 and a word about %s (%#)', async (word, body) => {
    const json = { 'content-type': 'application/json' }
    const response = await call('POST', '/api/repos', body, json)
    expect(response.statusCode).toBe(400)
    expect(response.json<{ detail: string }>().detail.toLowerCase()).toContain(word)
    expect({}).not.toHaveProperty('polluted')
  })

  it('are refused with 413 and 415 for what is too large or no JSON', async () => {
    const large = { slug: 'a/b', clone_url: 'x'.repeat(1024 * 1024) }
    expect((await call('POST', '/api/repos', large)).statusCode).toBe(413)
    const plain = await call('POST', '/api/repos', 'x', { 'content-type': 'text/plain' })
    expect(plain.json()).toMatchObject({ status: 415, code: 'SP_HTTP_MEDIA_TYPE' })
    // As curl sends it that is told nothing else.
    const form = { 'content-type': 'application/x-www-form-urlencoded' }
    const curl = await call('PATCH', '/api/repos/o/n', ' {"timeout": 90}', form)
    expect(curl.json()).toMatchObject({ status: 415, code: 'SP_HTTP_MEDIA_TYPE' })
    expect(curl.json<{ hint: string }>().hint).toContain("'Content-Type: application/json'")
  })
})

describe('builds', () => {
  it('have the fields of Drone, with times in seconds', async () => {
    const repo = await fixture.services.repos.find('o', 'n')
    const { build } = (await fixture.services.builds.find(repo!, 1))!
    const response = await get('/api/repos/o/n/builds/1')
    expect(response.statusCode).toBe(200)
    expect(response.json()).toMatchObject({
      id: build.id,
      repo_id: repo!.id,
      number: 1,
      parent: 0,
      status: 'pending',
      error: '',
      event: 'push',
      action: '',
      link: '',
      title: '',
      message: 'Change things',
      before: '0'.repeat(40),
      after: 'a'.repeat(40),
      ref: 'refs/heads/main',
      source_repo: '',
      source: 'main',
      target: 'main',
      author_login: 'ada',
      author_name: 'Ada',
      author_email: 'ada@example.org',
      author_avatar: '',
      sender: 'ada',
      params: {},
      cron: '',
      deploy_to: '',
      started: 0,
      finished: 0,
      created: Math.floor(build.created / 1000),
      updated: Math.floor(build.updated / 1000),
      created_ms: build.created,
      version: expect.any(Number),
      stages: [
        {
          id: log.stageId,
          repo_id: repo!.id,
          build_id: build.id,
          number: 1,
          name: 'default',
          kind: 'pipeline',
          type: 'exec',
          status: 'running',
          error: '',
          errignore: false,
          exit_code: 0,
          machine: 'm',
          os: 'linux',
          arch: 'amd64',
          attempt: 1,
          started: 1_795_000_001,
          started_ms: 1_795_000_001_300,
          stopped: 0,
          created: 1_795_000_000,
          updated: 1_795_000_001,
          on_success: true,
          on_failure: false,
          depends_on: ['other'],
          steps: [
            {
              id: expect.any(Number),
              step_id: log.stageId,
              number: 1,
              name: 'test',
              status: 'running',
              error: '',
              errignore: true,
              exit_code: 0,
              started: 1_795_000_001,
              stopped: 0,
              version: 2,
              depends_on: ['clone'],
              image: 'busybox',
              detached: false,
              usage: {
                ...{ cpu_ms: 12, memory_peak_bytes: 34, wall_ms: 56, io_write_bytes: 78 },
                ...{ start_ms: null, throttled_ms: null, pids_peak: null, io_read_bytes: null },
                ...{ network_rx_bytes: null, network_tx_bytes: null, disk_bytes: null },
              },
              log: { bytes: 78, lines: 9 },
            },
          ],
        },
      ],
    })
  })

  it('tell what a step has used, in all and as a series', async () => {
    await fixture.addRepo('usage', 'builds', 'hook secret')
    const ref = await fixture.runningStep('usage', 'builds')
    const path = '/api/repos/usage/builds/builds/1/usage/1/1'
    const before: unknown = (await get(path)).json()
    expect(before).toMatchObject({ name: 'test', status: 'running', totals: { cpu_ms: 12 } })
    expect(before).toMatchObject({ points: [] })
    await saveStepSeries(fixture.db, ref.stageId, 1, [[900, 1, null, 3, 4, 5, 6, 7, 8, 9]])
    expect((await get(path)).json()).toMatchObject({
      points: [
        {
          ...{ at_ms: 900, cpu_ms: 1, throttled_ms: null, memory_bytes: 3, pids: 4 },
          ...{ io_read_bytes: 5, io_write_bytes: 6, network_rx_bytes: 7, network_tx_bytes: 8 },
          ...{ disk_bytes: 9 },
        },
      ],
    })
    await fixture.nextAttempt(ref)
    expect((await get(path)).json()).toMatchObject({ totals: null, points: [] })
    expect((await get('/api/repos/usage/builds/builds/1/usage/1/9')).statusCode).toBe(404)
  })

  it('are listed page by page, newest first, at most 100 at once', async () => {
    await fixture.addRepo('many', 'builds', 'hook secret')
    await fixture.manyBuilds('many', 'builds', 104)
    const numbers = async (query: string) =>
      (await get(`/api/repos/many/builds/builds${query}`))
        .json<{ number: number }[]>()
        .map(({ number }) => number)
    expect((await numbers('')).length).toBe(25)
    expect(await numbers('?per_page=3')).toEqual([104, 103, 102])
    expect(await numbers('?per_page=3&page=2')).toEqual([101, 100, 99])
    expect((await numbers('?per_page=1000')).length).toBe(100)
    expect(await numbers('?page=50')).toEqual([])
    const latest = await get('/api/repos/many/builds/builds/latest')
    expect(latest.json()).toMatchObject({ number: 104 })
    expect(await numbers('?per_page=100&page=2')).toEqual([4, 3, 2, 1])
  })

  it.each([
    ['/api/repos/many/builds/builds', 104],
    ['/api/repos', 2],
  ])('and repos are read whole by following the links: %s', async (list, least) => {
    const seen = new Set<number>()
    for (let url = `${list}?limit=50`; url !== '';) {
      const response = await get(url)
      for (const { id } of response.json<{ id: number }[]>()) seen.add(id)
      const next = /^<https:\/\/ci\.example\.org(.+)>; rel="next"$/.exec(
        String(response.headers.link),
      )
      url = next?.[1] ?? ''
    }
    expect(seen.size).toBeGreaterThanOrEqual(least)
    const made = Buffer.from('["users",1]').toString('base64url')
    expect((await get(`${list}?cursor=${made}`)).json()).toMatchObject({ status: 400 })
  })

  it.each([
    'page=0',
    'page=-1',
    'page=x',
    'per_page=0',
    'page=1&page=2',
    `page=${'9'.repeat(400)}`,
  ])('are not listed for ?%s', async (query) => {
    const response = await get(`/api/repos/o/n/builds?${query}`)
    expect(response.json()).toMatchObject({ status: 400, code: 'SP_HTTP_INVALID' })
  })

  it('are restarted as a new build with its parent', async () => {
    const response = await call('POST', '/api/repos/o/n/builds/1')
    expect(response.statusCode).toBe(200)
    expect(response.json()).toMatchObject({ number: 2, parent: 1, after: 'a'.repeat(40) })
  })

  it('are cancelled', async () => {
    const response = await call('DELETE', '/api/repos/o/n/builds/2')
    expect(response.statusCode).toBe(200)
    expect(response.json()).toMatchObject({ number: 2, status: 'killed' })
  })

  it.each([
    ['GET', '/api/repos/no/where/builds', 'SP_REPO_UNKNOWN'],
    ['GET', '/api/repos/o/n/builds/99', 'SP_BUILD_UNKNOWN'],
    ['POST', '/api/repos/o/n/builds/99', 'SP_BUILD_UNKNOWN'],
    ['DELETE', '/api/repos/o/n/builds/99', 'SP_BUILD_UNKNOWN'],
    ['GET', '/api/repos/o/n/builds/999999999999999', 'SP_BUILD_UNKNOWN'],
    ['GET', '/api/repos/o/n/builds/1/logs/2/1', 'SP_LOG_UNKNOWN'],
    ['GET', '/api/repos/o/n/builds/1/logs/1/2', 'SP_LOG_UNKNOWN'],
    ['GET', '/api/repos/o/n/builds/1/logs/1/1?attempt=2', 'SP_LOG_UNKNOWN'],
  ] as const)('that are not there: %s %s is 404 %s', async (method, url, code) => {
    expect((await call(method, url)).json()).toMatchObject({ status: 404, code })
  })
})

describe('bad addresses', () => {
  it.each([
    '/api/repos/..%2f..%2fetc/passwd',
    '/api/repos/../../etc/passwd',
    '/api/repos/o/..',
    '/api/repos/%2e%2e/n',
    '/api/repos/o/n%00',
    '/api/repos/o/--upload-pack',
    '/api/repos/o/n/builds/0',
    '/api/repos/o/n/builds/1e3',
    '/api/repos/o/n/builds/-1',
    '/api/repos/o/n/builds/1/logs/0/1',
    '/api/repos/o/n/builds/1/logs/1/x',
    '/api/repos/o/n/builds/1/logs/1/1?follow=maybe',
    '/api/repos/o/n/builds/1/logs/1/1?attempt=0',
    '/%zz',
    '/api/%ff',
    `/api/repos/${'x'.repeat(3000)}/n`,
    '/no/such/page',
    '//api/repos',
    '/API/repos',
    '/api/repos/',
    '/__proto__',
    '/constructor',
  ])('are answered with a problem document: %s', async (url) => {
    const response = await get(url)
    expect([400, 404, 414]).toContain(response.statusCode)
    expect(response.headers['content-type']).toBe('application/problem+json; charset=utf-8')
    const problem = response.json<Record<string, unknown>>()
    const { errors, ...plain } = problem
    if (errors !== undefined) expect(response.statusCode).toBe(400)
    expect(Object.keys(plain)).toEqual([
      'type',
      'title',
      'status',
      'detail',
      'instance',
      'code',
      'hint',
    ])
    expect(problem.type).toBe(`urn:sandpiper:error:${String(problem.code)}`)
  })

  it('put nothing of theirs into headers', async () => {
    const response = await get('/x%0d%0aSet-Cookie:%20a=b')
    expect(response.headers).not.toHaveProperty('set-cookie')
    expect(response.statusCode).toBe(404)
  })

  it('include methods: 405 says which are known, and OPTIONS too', async () => {
    const put = await call('PUT', '/api/repos/o/n/hook-secret')
    expect(put.json()).toMatchObject({ status: 405, code: 'SP_HTTP_METHOD' })
    expect(put.headers.allow).toBe('GET, HEAD, OPTIONS')
    const options = await call('OPTIONS', '/api/repos/o/n/builds?page=1')
    expect(options.statusCode).toBe(204)
    expect(options.headers.allow).toContain('GET, HEAD')
    expect((await call('OPTIONS', '/api/nothing')).statusCode).toBe(404)
  })

  it('name every field that is not valid', async () => {
    const body = { owner: 'a/b', name: 1, secret: '', 'x/y~': 1, network_allow: ['a', 2, 3] }
    const response = await call('POST', '/api/repos', body)
    expect(response.json<{ errors: unknown }>().errors).toEqual(
      expect.arrayContaining([
        { pointer: '/clone_url', in: 'body', detail: 'must be there' },
        { pointer: '/x~1y~0', in: 'body', detail: 'must not be there' },
        { pointer: '/network_allow/1', in: 'body', detail: 'must be string' },
        { pointer: '/network_allow/2', in: 'body', detail: 'must be string' },
        expect.objectContaining({ pointer: '/owner' }),
        expect.objectContaining({ pointer: '/name', detail: 'must be string' }),
        expect.objectContaining({ pointer: '/secret' }),
      ]),
    )
  })

  it('name the values that a field may have', async () => {
    const badPart = await get('/api/repos/o/n/builds/1/logs/1/1/download?stream=err&format=text')
    expect(badPart.json<{ errors: unknown }>().errors).toEqual([
      { pointer: '/stream', in: 'query', detail: 'must be "stdout" or "stderr"' },
    ])
    const changed = await call('PATCH', '/api/repos/o/n', { require_approval: 'everyone' })
    expect(changed.json<{ detail: string }>().detail).toContain(
      'must be "none" or "forks" or "pull_requests" or "all"',
    )
  })

  it('do not include HEAD, which answers as GET without a body', async () => {
    const response = await call('HEAD', '/api/repos/o/n')
    expect(response.statusCode).toBe(200)
    expect(response.body).toBe('')
  })
})

describe('every response', () => {
  it.each(['/', '/api/repos/o/n/hook-secret', '/no/such/page', '/%zz'])(
    'of %s is safe in a browser',
    async (url) => {
      const { headers } = await get(url)
      expect(headers).toMatchObject({
        'x-content-type-options': 'nosniff',
        'cache-control': 'no-store',
        'content-security-policy':
          "default-src 'none'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'",
        'x-request-id': expect.stringMatching(/^[0-9a-f-]{36}$/),
      })
    },
  )

  it('has an id of ours, not the sender’s', async () => {
    const response = await call('GET', '/api/repos', undefined, { 'x-request-id': 'mine' })
    expect(response.headers['x-request-id']).not.toBe('mine')
  })

  it('tells nothing of what went wrong inside, but the log does, under its id', async () => {
    const broken = await HttpFixture.open()
    // A database that was never asked has nothing to close.
    await broken.app.inject({ url: '/api/repos', headers: AUTHORIZED })
    await broken.db.destroy()
    const response = await broken.app.inject({ url: '/api/repos', headers: AUTHORIZED })
    expect(response.json()).toMatchObject({
      status: 500,
      code: 'SP_HTTP_INTERNAL',
      detail: 'Something failed inside the server.',
    })
    const id = response.json<{ instance: string }>().instance.replace('urn:uuid:', '')
    const lines = broken.logged.filter((line) => line.includes(id)).join('')
    expect(lines).toContain('"stack"')
    await broken.close()
  })
})

it('an empty admin token is refused, not taken for any', async () => {
  const options = { services: fixture.services, publicUrl: '', bodyBytesMax: 1, version: '' }
  const app = createHttpApp({ ...options, adminToken: '', logger: pino({ level: 'silent' }) })
  await expect(app).rejects.toThrow('the admin token is empty')
})
