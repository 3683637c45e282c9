import { afterAll, beforeAll, expect, it } from '@jest/globals'
import { forgeTokenContext } from '../secrets/sealed-columns.js'
import { pushEvent } from '../testing/test-server.js'
import { AUTHORIZED, HttpFixture } from './testing/fixture.js'

let fixture: HttpFixture
beforeAll(async () => {
  fixture = await HttpFixture.open()
})
afterAll(() => fixture.close())

const COMMIT = 'ab'.repeat(20)

const add = (facts: object) =>
  fixture.app.inject({
    ...{ method: 'POST', url: '/api/repos', headers: AUTHORIZED },
    payload: { slug: 'o/n', clone_url: 'https://git.example.org/o/n.git', ...facts },
  })

it('a repo is added with its forge and its token, which is sealed and never shown', async () => {
  const response = await add({ forge: 'gitea', forge_token: 'hunter2' })
  expect(response.statusCode).toBe(201)
  expect(response.body).not.toContain('hunter2')
  const row = await fixture.db.selectFrom('repos').selectAll().executeTakeFirstOrThrow()
  expect(row.forge).toBe('gitea')
  expect(row.forge_token).not.toContain('hunter2')
  expect(forgeTokenContext(row)).toBe('forge token of o/n')
})

it.each([{ forge: 'sourceforge' }, { forge_token: '' }, { forge_token: 'a\r\nX: y' }])(
  'a repo is not added with %j',
  async (facts) => {
    expect((await add({ slug: 'o/m', ...facts })).statusCode).toBe(400)
  },
)

it("a build's statuses tell what its forge has not been told yet", async () => {
  const repo = await fixture.services.repos.find('o', 'n')
  const delivery = { forge: 'git', deliveryId: 'd', bodySha256: 'x', event: 'push' }
  await fixture.services.builds.accept(repo!, delivery, [pushEvent(COMMIT)], '')
  const url = '/api/repos/o/n/builds/1/statuses'
  const response = await fixture.app.inject({ url, headers: AUTHORIZED })
  expect(response.json()).toEqual([
    {
      ...{ context: 'ci/push', build: 1, state: '', description: '', target_url: '', sent_ms: 0 },
      ...{ due_ms: expect.any(Number), failures: 0, error: '' },
    },
  ])
  expect((await fixture.app.inject({ url })).statusCode).toBeGreaterThan(400)
})

it.each([
  ['/o/n/7', '/api/repos/o/n/builds/7'],
  ['/o/n/7/2/3', '/api/repos/o/n/builds/7/logs/2/3'],
])('the link %s leads to %s', async (url, location) => {
  const response = await fixture.app.inject({ url })
  expect([response.statusCode, response.headers.location]).toEqual([302, location])
})

it.each(['/api/n/7', '/hooks/n/7', '/o/n/x', '/o/%2e%2e/7', '/o/n/7/0/1', '/o/n/7/1'])(
  '%s is no such link',
  async (url) => {
    expect((await fixture.app.inject({ url })).headers.location).toBeUndefined()
  },
)
