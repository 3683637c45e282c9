import { afterAll, beforeAll, describe, expect, it } from '@jest/globals'
import { AUTHORIZED, HttpFixture } from '../http/testing/fixture.js'
import { inTransaction } from '../store/transaction.js'
import { recordAudit } from './record.js'

let fixture: HttpFixture
beforeAll(async () => {
  fixture = await HttpFixture.open()
  await fixture.addRepo('o', 'n', 'hook secret')
})
afterAll(() => fixture.close())

const ADA = { userId: 7, login: 'ada', via: 'token' } as const

async function get(url: string) {
  const response = await fixture.app.inject({ url, headers: AUTHORIZED })
  const body: unknown = response.json()
  return { status: response.statusCode, body, link: String(response.headers.link ?? '') }
}

describe('the audit log', () => {
  it('has what a transaction wrote and nothing of one that failed', async () => {
    const entry = { actor: ADA, action: 'secret.create', subject: 'o/n one', repoId: 1 } as const
    await inTransaction(fixture.db, (tx) => recordAudit(tx, { ...entry, at: 1_795_000_000_999 }))
    await expect(
      inTransaction(fixture.db, async (tx) => {
        await recordAudit(tx, entry)
        throw new Error('no')
      }),
    ).rejects.toThrow('no')
    const { body } = await get('/api/audit?action=secret.create')
    expect(body).toEqual([
      expect.objectContaining({
        ...{ created: 1_795_000_000, user_id: 7, login: 'ada', via: 'token' },
        ...{ action: 'secret.create', subject: 'o/n one', repo_id: 1, detail: {} },
      }),
    ])
  })

  it('is told once of what may happen again, and bounds what it keeps', async () => {
    const use = { actor: null, action: 'secret.use', subject: 'x'.repeat(9000) } as const
    for (const once of ['a', 'a', 'b']) await recordAudit(fixture.db, { ...use, once })
    await recordAudit(fixture.db, { ...use, detail: { long: 'y'.repeat(9000) } })
    const { body } = await get('/api/audit?action=secret.use')
    expect(body).toHaveLength(3)
    expect((body as { subject: string; detail: object }[])[0]).toMatchObject({
      ...{ subject: 'x'.repeat(500), detail: { left_out: true }, via: 'system', login: '' },
    })
  })

  it('is paged from the newest, of one repo or of all', async () => {
    const entry = { actor: ADA, action: 'repo.update', repoId: 1 } as const
    for (let i = 0; i < 5; i += 1) await recordAudit(fixture.db, { ...entry, subject: `n${i}` })
    const seen: string[] = []
    let url = '/api/repos/o/n/audit?action=repo.update&limit=2'
    while (url !== '') {
      const { body, link } = await get(url)
      seen.push(...(body as { subject: string }[]).map(({ subject }) => subject))
      url = /<https:\/\/ci.example.org(.*)>; rel="next"/.exec(link)?.[1] ?? ''
    }
    expect(seen).toEqual(['n4', 'n3', 'n2', 'n1', 'n0'])
  })

  it.each(['limit=0', 'limit=999999', 'cursor=x', 'cursor=WyJhIiwxXQ', 'action=none', 'what=1'])(
    'refuses ?%s',
    async (query) => expect((await get(`/api/audit?${query}`)).status).toBe(400),
  )
})
