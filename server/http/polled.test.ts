import { afterAll, beforeAll, expect, it } from '@jest/globals'
import { AUTHORIZED, HttpFixture } from './testing/fixture.js'

let fixture: HttpFixture
beforeAll(async () => {
  fixture = await HttpFixture.open()
  await fixture.addRepo('o', 'n', 'hook secret')
})
afterAll(() => fixture.close())

async function get(url: string, tag?: string) {
  const headers = { ...AUTHORIZED, ...(tag === undefined ? {} : { 'if-none-match': tag }) }
  return fixture.app.inject({ url, headers })
}

it.each(['/api/repos', '/api/repos/o/n', '/api/repos/o/n/builds', '/api/repos/o/n/builds/latest'])(
  '%s is 304 to who has it, until it changes',
  async (url) => {
    await fixture.runningStep('o', 'n')
    const { headers } = await get(url)
    expect(headers).toMatchObject({
      etag: expect.stringMatching(/^W\/"[\w-]{20,}"$/),
      'cache-control': 'private, no-cache',
      vary: 'authorization, cookie',
    })
    for (const tag of [headers.etag, `"other", ${String(headers.etag)}`, '*']) {
      const again = await get(url, String(tag))
      expect([again.statusCode, again.body]).toEqual([304, ''])
      expect(again.headers.etag).toBe(headers.etag)
      expect(again.headers).not.toHaveProperty('content-type')
    }
    await fixture.app.inject({
      method: 'DELETE',
      url: '/api/repos/o/n/builds/1',
      headers: AUTHORIZED,
    })
    await fixture.runningStep('o', 'n')
    const changed = await get(url, String(headers.etag))
    expect(changed.statusCode).toBe(200)
    expect(changed.headers.etag).not.toBe(headers.etag)
  },
)

it.each(['/api/runners', '/api/queue', '/api/builds/incomplete'])(
  '%s is 304 to who has it',
  async (url) => {
    const { headers, statusCode } = await get(url)
    expect(statusCode).toBe(200)
    const again = await get(url, String(headers.etag))
    expect([again.statusCode, again.body]).toEqual([304, ''])
  },
)

it('an error has no tag', async () => {
  const { headers, statusCode } = await get('/api/repos/o/n/builds/999')
  expect(statusCode).toBe(404)
  expect(headers).not.toHaveProperty('etag')
  expect(headers['cache-control']).toBe('no-store')
})
