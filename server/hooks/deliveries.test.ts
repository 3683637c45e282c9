import { randomUUID } from 'node:crypto'
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals'
import { AUTHORIZED, HttpFixture } from '../http/testing/fixture.js'
import { until } from '../testing/until.js'
import { FORMATS } from './formats.js'
import { proofFor } from './testing/proof.js'

const SECRET = 'the secret of o/n'
const COMMIT = 'ab'.repeat(20)
const OTHER = 'cd'.repeat(20)

let fixture: HttpFixture
beforeAll(async () => {
  fixture = await HttpFixture.open()
  await fixture.addRepo('o', 'n', SECRET)
})
afterAll(() => fixture.close())

interface Answer {
  readonly duplicate: boolean
  readonly reason: string
  readonly number?: number
  readonly builds?: readonly { readonly number: number }[]
}

async function send(
  forge: string,
  payload: unknown,
  headers: Record<string, string>,
  options: { readonly secret?: string; readonly repo?: string } = {},
) {
  const body = typeof payload === 'string' ? payload : JSON.stringify(payload)
  const { scheme } = FORMATS.find((one) => one.forge === forge)!
  return fixture.app.inject({
    method: 'POST',
    url: `/hooks/${forge}?repo=${options.repo ?? 'o/n'}`,
    headers: {
      'content-type': 'application/json',
      ...proofFor(scheme, options.secret ?? SECRET, body),
      ...headers,
    },
    payload: body,
  })
}

function git(changes: Record<string, unknown> = {}) {
  return { delivery: randomUUID(), repo: 'o/n', ref: 'refs/heads/x', after: COMMIT, ...changes }
}

interface Entry {
  readonly id: number
  readonly outcome: string
  readonly builds: readonly number[]
  readonly [name: string]: unknown
}

async function log(path = ''): Promise<Entry[]> {
  const url = `/api/repos/o/n/deliveries${path}`
  return (await fixture.app.inject({ url, headers: AUTHORIZED })).json<Entry[]>()
}

async function entry(id: number): Promise<Entry> {
  const url = `/api/repos/o/n/deliveries/${id}`
  return (await fixture.app.inject({ url, headers: AUTHORIZED })).json<Entry>()
}

async function again(id: number) {
  const url = `/api/repos/o/n/deliveries/${id}/redeliver`
  return fixture.app.inject({ method: 'POST', url, headers: AUTHORIZED })
}

describe('several refs in one delivery', () => {
  const change = (name: string, hash: string | null) => ({
    old: { type: 'branch', name, target: { hash: OTHER } },
    new: hash === null ? null : { type: 'branch', name, target: { hash } },
  })
  const cloud = (...changes: unknown[]) => ({
    push: { changes },
    repository: { full_name: 'o/n' },
    actor: { nickname: 'ada' },
  })

  it('make a build each, and the same ones when they come again', async () => {
    const headers = { 'x-event-key': 'repo:push', 'x-request-uuid': randomUUID() }
    const body = cloud(change('one', COMMIT), change('gone', null), change('two', COMMIT))
    const first = await send('bitbucket', body, headers)
    expect(first.statusCode).toBe(202)
    const { builds } = first.json<Answer>()
    expect(builds).toHaveLength(2)
    const second = (await send('bitbucket', body, headers)).json<Answer>()
    expect(second).toMatchObject({ duplicate: true, builds })
    const repo = await fixture.services.repos.find('o', 'n')
    const refs = await Promise.all(
      builds!.map(async ({ number }) => (await fixture.services.builds.find(repo!, number))!.build),
    )
    expect(refs.map(({ ref }) => ref)).toEqual(['refs/heads/one', 'refs/heads/two'])
  })

  it('make none, with all the reasons, when none can be built', async () => {
    const headers = { 'x-event-key': 'repo:push', 'x-request-uuid': randomUUID() }
    const body = cloud(change('gone', null), change('also', null))
    const answer = (await send('bitbucket', body, headers)).json<Answer>()
    expect(answer.reason).toBe('refs/heads/gone was deleted; refs/heads/also was deleted')
  })
})

describe('a tag that is told of twice', () => {
  const repository = { full_name: 'o/n', html_url: 'https://gitea.example.org/o/n' }
  let count = 0
  const tell = async (event: 'push' | 'create', tag: string) => {
    count += 1
    const headers = { 'x-gitea-event': event, 'x-gitea-delivery': randomUUID() }
    const common = { repository, sender: { login: 'ada' }, count }
    const body =
      event === 'push'
        ? { ...common, ref: `refs/tags/${tag}`, before: '0'.repeat(40), after: COMMIT }
        : { ...common, ref: tag, ref_type: 'tag', sha: COMMIT }
    return (await send('gitea', body, headers)).json<Answer>()
  }

  it.each([
    ['push', 'create'],
    ['create', 'push'],
  ] as const)('is built once, whether %s or %s comes first', async (one, other) => {
    const tag = `v-${one}`
    const first = await tell(one, tag)
    expect(first).toMatchObject({ duplicate: false })
    expect(await tell(other, tag)).toMatchObject({ duplicate: true, number: first.number })
    // Removed and pushed again.
    const next = await tell(one, tag)
    expect(next.duplicate).toBe(false)
    expect(next.number).toBeGreaterThan(first.number!)
    expect(await tell(other, tag)).toMatchObject({ duplicate: true, number: next.number })
  })

  it('is built each time when only one of the two is sent', async () => {
    const [one, two] = [await tell('create', 'v9'), await tell('create', 'v9')]
    expect(two.number).toBeGreaterThan(one.number!)
  })
})

describe('an equal body under a new id', () => {
  it('is another delivery from GitLab, whose ids are worth as much as its bodies', async () => {
    const body = {
      object_kind: 'tag_push',
      ref: 'refs/tags/v1',
      before: '0'.repeat(40),
      after: COMMIT,
      checkout_sha: COMMIT,
      project: { path_with_namespace: 'o/n' },
    }
    const key = randomUUID()
    const first = await send('gitlab', body, { 'idempotency-key': key })
    expect(first.statusCode).toBe(202)
    const retry = await send('gitlab', body, { 'idempotency-key': key })
    expect(retry.json()).toMatchObject({ duplicate: true })
    const repeated = await send('gitlab', body, { 'idempotency-key': randomUUID() })
    expect(repeated.json()).toMatchObject({ duplicate: false })
  })

  it('is a replay where the signature says nothing about the id', async () => {
    const body = {
      repository: { full_name: 'o/n' },
      ref: 'refs/heads/r',
      before: '',
      after: COMMIT,
    }
    const headers = { 'x-github-event': 'push', 'x-github-delivery': randomUUID() }
    await send('github', body, headers)
    const replay = await send('github', body, { ...headers, 'x-github-delivery': randomUUID() })
    expect(replay.json()).toMatchObject({ duplicate: true })
  })
})

describe('settings of a repo', () => {
  const pull = (fork: boolean, action = 'opened') => ({
    action,
    number: 7,
    pull_request: {
      title: randomUUID(),
      head: { ref: 'x', sha: COMMIT, repo: { full_name: fork ? 'm/n' : 'o/n' } },
      base: { ref: 'main', sha: OTHER, repo: { full_name: 'o/n' } },
    },
    repository: { full_name: 'o/n' },
  })
  const sendPull = async (fork: boolean, action?: string) => {
    const headers = { 'x-github-event': 'pull_request', 'x-github-delivery': randomUUID() }
    return (await send('github', pull(fork, action), headers)).json<Answer>()
  }
  const set = (values: Record<string, number | string>) =>
    fixture.db.updateTable('repos').set(values).where('name', '=', 'n').execute()

  it('keep pull requests, or those of forks, from being built', async () => {
    await set({ ignore_forks: 1 })
    expect((await sendPull(true)).reason).toContain('no pull requests of forks')
    expect((await sendPull(false)).number).toBeDefined()
    await set({ ignore_forks: 0, ignore_pull_requests: 1 })
    expect((await sendPull(false)).reason).toContain('no pull requests')
    await set({ ignore_pull_requests: 0 })
    expect((await sendPull(true)).number).toBeDefined()
  })

  it('let the rarer events be built where pipeline files name them', async () => {
    expect((await sendPull(false, 'closed')).reason).toContain('pull_request_closed (closed)')
    await set({ optional_events: 'pull_request_closed release' })
    expect((await sendPull(false, 'closed')).number).toBeDefined()
    expect((await sendPull(false, 'labeled')).reason).toContain('pull_request_metadata (labeled)')
    await set({ optional_events: '' })
  })
})

describe('the log of deliveries', () => {
  it('has what was taken in, with its headers and body, but no secret', async () => {
    const payload = git({ message: 'Ünïcode', secret: 'in the body' })
    const { number } = (await send('git', payload, { 'x-extra': 'shown' })).json<Answer>()
    const [newest] = await log('?limit=1')
    expect(newest).toMatchObject({ outcome: 'built', status: 202, builds: [number], reason: '' })
    const shown = await entry(newest!.id)
    expect(shown).toMatchObject({ headers: { 'x-extra': 'shown' } })
    expect(JSON.parse(shown['body'] as string)).toEqual({ ...payload, secret: '' })
    expect(shown['headers']).toMatchObject({ 'x-sandpiper-signature': '(not shown)' })
  })

  it('is read page by page', async () => {
    for (let i = 0; i < 5; i += 1) await send('git', git(), {})
    const all = await log('?limit=5')
    const first = await fixture.app.inject({
      url: '/api/repos/o/n/deliveries?limit=2',
      headers: AUTHORIZED,
    })
    const next = /<([^>]+)>/.exec(String(first.headers.link))![1]!
    const second = await fixture.app.inject({ url: next, headers: AUTHORIZED })
    const ids = [...first.json<Entry[]>(), ...second.json<Entry[]>()].map(({ id }) => id)
    expect(ids).toEqual(all.slice(0, 4).map(({ id }) => id))
  })

  it('has what was turned away: no body of strangers, and never many', async () => {
    const before = (await log('?limit=100')).length
    for (let i = 0; i < 40; i += 1) await send('git', git(), {}, { secret: 'another secret' })
    const refused = async () =>
      (await log('?limit=100')).filter(({ outcome }) => outcome === 'refused')
    await until(async () => (await refused()).length === 10)
    const [one] = await refused()
    expect(one).toMatchObject({ status: 401, builds: [] })
    expect(one!['reason']).toContain('signature')
    expect(await entry(one!.id)).toMatchObject({ body: null })
    expect((await log('?limit=100')).length).toBeLessThanOrEqual(before + 10)
  })

  it('makes what the first should have made, in a delivery that names it', async () => {
    const [first] = [(await send('git', git(), {})).json<Answer>()]
    const [original] = await log('?limit=1')
    const response = await again(original!.id)
    expect(response.statusCode).toBe(202)
    expect(response.json<Answer>().number).toBeGreaterThan(first.number!)
    const [entry] = await log('?limit=1')
    expect(entry).toMatchObject({ original: original!.id, requested_by: 'admin', outcome: 'built' })
    expect((await again(original!.id)).statusCode).toBe(202)
  })

  it('says when it can’t', async () => {
    const payload = git()
    await send('git', payload, {})
    await send('git', payload, {})
    const [duplicate] = await log('?limit=1')
    expect(duplicate).toMatchObject({ outcome: 'duplicate' })
    const refused = await again(duplicate!.id)
    expect(refused.json()).toMatchObject({ status: 409, code: 'SP_DELIVERY_NO_BODY' })
    expect((await again(999_999)).json()).toMatchObject({ code: 'SP_DELIVERY_UNKNOWN' })
  })

  it('keeps a bounded number of entries', async () => {
    const repo = (await fixture.services.repos.find('o', 'n'))!
    const row = { repo_id: repo.id, forge: 'git', delivery_id: '', event: 'push', received: 1 }
    const more = { took_ms: 0, outcome: 'built', status: 202, reason: '', builds_json: '[]' }
    const rest = { original: 0, requested_by: '', headers_json: '{}', body: null, body_bytes: 0 }
    for (let i = 0; i < 700; i += 1) {
      await fixture.db
        .insertInto('delivery_log')
        .values({ ...row, ...more, ...rest })
        .execute()
    }
    for (let i = 0; i < 110; i += 1) await send('git', git(), {})
    await until(async () => {
      const { count } = await fixture.db
        .selectFrom('delivery_log')
        .select((eb) => eb.fn.countAll<number>().as('count'))
        .executeTakeFirstOrThrow()
      return count < 300
    })
    expect(await log('?limit=100')).toHaveLength(100)
  })
})
