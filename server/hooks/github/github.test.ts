import { randomUUID } from 'node:crypto'
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals'
import type { BuildEvent } from '../../../pipelines/event.js'
import { signBody } from '../../../protocol/git-hook.js'
import { HttpFixture } from '../../http/testing/fixture.js'

const SECRET = 'the secret of Octo/Hello'
const BEFORE = 'b'.repeat(40)
const AFTER = 'a'.repeat(40)
const HEAD = 'c'.repeat(40)
const ZERO = '0'.repeat(40)
const SENDER = { login: 'ada', avatar_url: 'https://avatars.example.org/1' }
const REPOSITORY = { id: 1, full_name: 'Octo/Hello', default_branch: 'main' }

let fixture: HttpFixture
beforeAll(async () => {
  fixture = await HttpFixture.open()
  await fixture.addRepo('Octo', 'Hello', SECRET)
})
afterAll(() => fixture.close())

interface Sending {
  event?: string
  delivery?: string
  headers?: Record<string, string>
}

function send(
  body: unknown,
  { event = 'push', delivery = randomUUID(), headers = {} }: Sending = {},
) {
  const text = typeof body === 'string' ? body : JSON.stringify(body)
  return fixture.app.inject({
    method: 'POST',
    url: '/hooks/github?repo=Octo/Hello',
    headers: {
      'content-type': 'application/json',
      'x-github-event': event,
      'x-github-delivery': delivery,
      'x-hub-signature-256': signBody(SECRET, text),
      ...headers,
    },
    payload: text,
  })
}

async function eventOf(body: unknown, sending: Sending = {}): Promise<BuildEvent> {
  const response = await send(body, sending)
  expect(response.statusCode).toBe(202)
  const repo = await fixture.services.repos.find('Octo', 'Hello')
  const { number } = response.json<{ number: number }>()
  const detail = await fixture.services.builds.find(repo!, number)
  return JSON.parse(detail!.build.event_json) as BuildEvent
}

// A few words that make each body another one, as `pushed_at` does in real ones.
let nonce = 0
function push(changes: Record<string, unknown> = {}) {
  nonce += 1
  return {
    nonce,
    ref: 'refs/heads/feature/x',
    before: BEFORE,
    after: AFTER,
    created: false,
    deleted: false,
    base_ref: null,
    compare: 'https://github.example.org/Octo/Hello/compare/b...a',
    head_commit: {
      id: AFTER,
      message: 'Teach it to count',
      url: 'https://github.example.org/Octo/Hello/commit/a',
      author: { name: 'Ada L.', email: 'ada@example.org', username: 'ada' },
    },
    repository: REPOSITORY,
    pusher: { name: 'ada', email: 'ada@example.org' },
    sender: SENDER,
    ...changes,
  }
}

function pullRequest(changes: Record<string, unknown> = {}, top: Record<string, unknown> = {}) {
  nonce += 1
  return {
    nonce,
    action: 'opened',
    number: 7,
    pull_request: {
      title: 'Count to ten',
      body: 'It could not before.',
      html_url: 'https://github.example.org/Octo/Hello/pull/7',
      user: { login: 'mallory', avatar_url: 'javascript:alert(1)' },
      head: { ref: 'patch-1', sha: HEAD, repo: { full_name: 'mallory/Hello' } },
      base: { ref: 'main', sha: BEFORE, repo: { full_name: 'Octo/Hello' } },
      ...changes,
    },
    repository: REPOSITORY,
    sender: SENDER,
    ...top,
  }
}

describe('POST /hooks/github with a push', () => {
  it('makes a push event of a branch', async () => {
    expect(await eventOf(push())).toEqual({
      event: 'push',
      action: '',
      ref: 'refs/heads/feature/x',
      branch: 'feature/x',
      sourceBranch: 'feature/x',
      sourceRepo: '',
      after: AFTER,
      before: BEFORE,
      message: 'Teach it to count',
      title: '',
      link: 'https://github.example.org/Octo/Hello/compare/b...a',
      author: {
        login: 'ada',
        name: 'Ada L.',
        email: 'ada@example.org',
        avatar: 'https://avatars.example.org/1',
      },
      sender: 'ada',
      cron: '',
      deployTo: '',
      params: {},
    })
  })

  it.each([
    ['2026-08-22T12:00:00+02:00', Date.UTC(2026, 7, 22, 10)],
    ['2026-08-22T10:00:00Z', Date.UTC(2026, 7, 22, 10)],
    ['1969-12-31T23:59:59Z', undefined],
    ['yesterday', undefined],
    [null, undefined],
  ])('takes the time of the commit from %j', async (timestamp, committed) => {
    const head = { id: AFTER, message: 'm', timestamp }
    expect((await eventOf(push({ head_commit: head }))).committed).toBe(committed)
  })

  it.each(['[ci  skip]', '[skipci]', '[Skip   CI]', '***No_CI***'])(
    'obeys %s',
    async (directive) => {
      const head = { id: AFTER, message: `Words\n\n${directive}` }
      const response = await send(push({ head_commit: head }))
      expect(response.json<{ reason: string }>().reason).toContain('the commit message has')
      const tag = push({ ref: 'refs/tags/v2', head_commit: head })
      expect((await send(tag)).statusCode).toBe(202)
    },
  )

  it.each(['[ci]', '[skip]', 'skip ci', '[ci-skip]', '[ci\tskip]', '**no_ci**', '[skip ci'])(
    'takes %j for words',
    async (text) => {
      const head = { id: AFTER, message: text }
      expect((await send(push({ head_commit: head }))).statusCode).toBe(202)
    },
  )

  it('makes a tag event of the commit that an annotated tag names', async () => {
    const head = { id: HEAD, message: 'm', url: 'https://github.example.org/c' }
    const body = push({ ref: 'refs/tags/v1', base_ref: 'refs/heads/main', head_commit: head })
    expect(await eventOf(body)).toMatchObject({
      event: 'tag',
      action: 'created',
      after: HEAD,
      branch: 'main',
      link: 'https://github.example.org/Octo/Hello/compare/b...a',
    })
  })

  it.each([
    ['a deleted branch', { after: ZERO, deleted: true, head_commit: null }, 'was deleted'],
    ['a deleted tag', { ref: 'refs/tags/v1', after: ZERO, head_commit: null }, 'was deleted'],
    ['notes', { ref: 'refs/notes/commits' }, 'neither a branch nor a tag'],
    ['a skip directive', { head_commit: { id: AFTER, message: 'x\n[Skip CI]' } }, '[skip ci]'],
  ])('makes no build of %s', async (_case, changes, reason) => {
    const response = await send(push(changes))
    expect(response.statusCode).toBe(200)
    expect(response.json<{ reason: string }>().reason).toContain(reason)
  })

  it('reads the form that GitHub sends unless told otherwise', async () => {
    const form = new URLSearchParams({ payload: JSON.stringify(push({ compare: 'ü&=+ %' })) })
    const headers = { 'content-type': 'application/x-www-form-urlencoded' }
    expect((await send(form.toString(), { headers })).statusCode).toBe(202)
    const twice = await send(`${form.toString()}&payload=%7B%7D`, { headers })
    expect(twice.json<{ detail: string }>().detail).toContain("'payload'")
  })

  it('answers a replay under a new delivery id with the first build', async () => {
    const body = push()
    const first = (await send(body)).json<{ number: number }>()
    const again = await send(body, { delivery: randomUUID() })
    expect(again.statusCode).toBe(200)
    expect(again.json()).toMatchObject({ duplicate: true, number: first.number })
  })

  it.each([
    ['ref', { ref: undefined }],
    ['ref', { ref: 'refs/heads/$(x) y' }],
    ['after', { after: 'HEAD' }],
    ['repository', { repository: undefined }],
    ['repository.full_name', { repository: { full_name: 1 } }],
    ['head_commit', { head_commit: 'x' }],
    ['head_commit.author.name', { head_commit: { author: { name: 7 } } }],
  ])('answers 400 naming %s', async (field, changes) => {
    const response = await send(push(changes))
    expect(response.json()).toMatchObject({ status: 400, code: 'SP_HOOK_BODY_INVALID' })
    expect(response.json<{ detail: string }>().detail).toContain(`'${field}`)
  })
})

describe('POST /hooks/github with a pull request', () => {
  it('keeps that it comes from a fork, and no link that a page must not have', async () => {
    expect(await eventOf(pullRequest(), { event: 'pull_request' })).toEqual({
      event: 'pull_request',
      action: 'opened',
      ref: 'refs/pull/7/head',
      branch: 'main',
      sourceBranch: 'patch-1',
      sourceRepo: 'mallory/Hello',
      after: HEAD,
      before: BEFORE,
      message: 'It could not before.',
      title: 'Count to ten',
      link: 'https://github.example.org/Octo/Hello/pull/7',
      author: { login: 'mallory', name: '', email: '', avatar: '' },
      sender: 'ada',
      cron: '',
      deployTo: '',
      params: {},
    })
  })

  it('keeps its labels, its milestone, and whether it is a draft', async () => {
    const changes = {
      draft: true,
      labels: [{ name: 'bug' }, { name: 'needs\nreview' }, { name: null }, {}],
      milestone: { title: 'v1', number: 3 },
    }
    expect(await eventOf(pullRequest(changes), { event: 'pull_request' })).toMatchObject({
      draft: true,
      labels: ['bug', 'needs review'],
      milestone: 'v1',
    })
    const many = Array.from({ length: 200 }, (_, index) => ({ name: `l${index}` }))
    const nothing = { draft: false, labels: many, milestone: null }
    const event = await eventOf(pullRequest(nothing), { event: 'pull_request' })
    expect(event.labels).toHaveLength(100)
    expect(event).toMatchObject({ draft: false })
    expect(event).not.toHaveProperty('milestone')
  })

  it('has no source repo when it comes from the repo itself', async () => {
    const head = { ref: 'patch-1', sha: HEAD, repo: { full_name: 'octo/hello' } }
    const event = await eventOf(pullRequest({ head }), { event: 'pull_request' })
    expect(event.sourceRepo).toBe('')
  })

  it('takes one whose repo is gone for a fork', async () => {
    for (const repo of [null, undefined, {}, { full_name: 'mallory/Hello' }]) {
      const head = { ref: 'x', sha: HEAD, repo }
      const event = await eventOf(pullRequest({ head }), { event: 'pull_request' })
      expect(event.sourceRepo).not.toBe('')
    }
  })

  it.each([
    ['synchronize', 'synchronized'],
    ['reopened', 'reopened'],
  ])('builds %s as %s', async (action, name) => {
    const event = await eventOf(pullRequest({}, { action }), { event: 'pull_request' })
    expect(event.action).toBe(name)
  })

  it.each([
    ['closed', pullRequest({}, { action: 'closed' }), 'pull_request_closed (closed)'],
    ['skipped in its title', pullRequest({ title: '***NO_CI*** x' }), '***no_ci***'],
    ['skipped in its text', pullRequest({ body: '[ci skip]' }), '[ci skip]'],
  ])('makes no build of one that was %s', async (_case, body, reason) => {
    const response = await send(body, { event: 'pull_request' })
    expect(response.statusCode).toBe(200)
    expect(response.json<{ reason: string }>().reason).toContain(reason)
  })

  it.each([
    ['pull_request.head.sha', { head: { ref: 'x', sha: 'x', repo: null } }],
    ['pull_request.head.ref', { head: { ref: '-x', sha: HEAD, repo: null } }],
    ['pull_request.base', { base: undefined }],
  ])('answers 400 naming %s', async (field, changes) => {
    const response = await send(pullRequest(changes), { event: 'pull_request' })
    expect(response.statusCode).toBe(400)
    expect(response.json<{ detail: string }>().detail).toContain(`'${field}'`)
  })
})

describe('POST /hooks/github with anything else', () => {
  it('answers a ping, of a repo or of an organisation', async () => {
    for (const body of [{ zen: 'a', repository: REPOSITORY }, { zen: 'b' }]) {
      const response = await send(body, { event: 'ping' })
      expect(response.statusCode).toBe(200)
      expect(response.json<{ reason: string }>().reason).toContain('ping')
    }
  })

  it('answers 200 with the reason for an event that makes no build', async () => {
    const response = await send({ action: 'opened', repository: REPOSITORY }, { event: 'issues' })
    expect(response.statusCode).toBe(200)
    expect(response.json()).toMatchObject({ reason: 'the event issues makes no build' })
  })

  it.each([
    ['x-github-event', ''],
    ['x-github-event', 'a/b'],
    ['x-github-delivery', 'a b'],
  ])('answers 400 for the %s %j', async (name, value) => {
    const response = await send(push(), { headers: { [name]: value } })
    expect(response.statusCode).toBe(400)
    expect(response.json<{ detail: string }>().detail).toContain(name)
  })

  it('does not take our own hook’s header for a signature', async () => {
    const text = JSON.stringify(push())
    const response = await fixture.app.inject({
      method: 'POST',
      url: '/hooks/github?repo=Octo/Hello',
      headers: { 'x-sandpiper-signature': signBody(SECRET, text), 'x-github-event': 'push' },
      payload: text,
    })
    expect(response.json()).toMatchObject({ status: 401, code: 'SP_HOOK_UNSIGNED' })
  })
})
