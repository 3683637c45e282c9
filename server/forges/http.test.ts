import { afterEach, beforeEach, describe, expect, test } from '@jest/globals'
import { startForge, type TestForge } from './testing/all.js'
import { StandIn } from './testing/stand-in.js'
import type { StandInAnswer } from './testing/stand-in.js'
import { TOKEN } from './testing/world.js'

let started: TestForge
beforeEach(async () => {
  started = await startForge('github')
})
afterEach(() => started.close())

const user = () => started.forge.user(TOKEN)
const answer = (status: number, body?: unknown, headers?: Record<string, string>): void => {
  const given: StandInAnswer = { status, body, ...(headers ? { headers } : {}) }
  started.standIn.faults.push({ kind: 'answer', answer: given })
}

describe('an answer that is no success', () => {
  test.each([500, 502, 503, 504, 408])('%d may be none next time', async (status) => {
    answer(status, '<html>oops</html>')
    await expect(user()).rejects.toMatchObject({ code: 'SP_FORGE_FAILED', again: true, status })
  })

  test.each([400, 403, 404, 409, 422, 410])('%d stays', async (status) => {
    answer(status, { message: 'No\u001b[31m, really\n' })
    const failed = user()
    await expect(failed).rejects.toMatchObject({ code: 'SP_FORGE_FAILED', again: false, status })
    await expect(failed).rejects.toThrow(`it answers ${status}: No [31m, really`)
  })

  test('429 names the time', async () => {
    answer(429, { message: 'slow down' }, { 'retry-after': '7' })
    await expect(user()).rejects.toMatchObject({ code: 'SP_FORGE_RATE_LIMITED', afterMs: 7000 })
  })

  test('403 is a limit when nothing remains of it (GitHub)', async () => {
    const reset = Math.ceil(Date.now() / 1000) + 60
    answer(
      403,
      { message: 'API rate limit exceeded' },
      { 'x-ratelimit-remaining': '0', 'x-ratelimit-reset': `${reset}` },
    )
    const error = await user().catch((thrown: unknown) => thrown)
    expect(error).toMatchObject({ code: 'SP_FORGE_RATE_LIMITED', again: true })
    const { afterMs } = error as { afterMs: number }
    expect(afterMs).toBeGreaterThan(50_000)
    expect(afterMs).toBeLessThanOrEqual(61_000)
  })

  test('503 with Retry-After names the time, bounded', async () => {
    answer(503, 'down', { 'retry-after': '999999' })
    await expect(user()).rejects.toMatchObject({ again: true, afterMs: 65 * 60_000 })
  })
})

describe('an answer that is none', () => {
  test('of a connection that is cut is unreachable', async () => {
    started.standIn.faults.push({ kind: 'reset' })
    await expect(user()).rejects.toMatchObject({ code: 'SP_FORGE_UNREACHABLE', again: true })
  })

  test('that comes too late is unreachable', async () => {
    await started.close()
    started = await startForge('github', { timing: { answerMs: 200, exchangeMs: 300 } })
    started.standIn.faults.push({ kind: 'slow', ms: 60_000 })
    await expect(user()).rejects.toThrow('took too long')
  })

  test('of HTML is told as that', async () => {
    answer(200, '<html><title>Sign in</title></html>')
    await expect(user()).rejects.toThrow('text/html instead of JSON')
  })

  test('of broken JSON, or of the wrong shape, is no user', async () => {
    answer(200, '{"id":', { 'content-type': 'application/json' })
    await expect(user()).rejects.toThrow('no JSON')
    answer(200, { id: 7, login: ['jane'] })
    await expect(user()).rejects.toThrow('not what its documentation says')
  })

  test('without an end is left after its bound', async () => {
    answer(200, { id: 7, login: 'x'.repeat(9 * 1024 * 1024) })
    await expect(user()).rejects.toThrow('more than 8388608 bytes')
    answer(500, { message: 'x'.repeat(1024 * 1024) })
    const error = await user().catch((thrown: unknown) => thrown)
    expect((error as Error).message.length).toBeLessThan(1000)
  })

  test('is not waited for when the caller is done', async () => {
    const sent = started.forge.setStatus(
      TOKEN,
      { slug: 'octo/write', remoteId: '' },
      {
        commit: 'ab'.repeat(20),
        state: 'success',
        context: 'c',
        description: '',
        link: 'https://x',
        branch: '',
        number: 1,
      },
      AbortSignal.abort(new Error('enough')),
    )
    await expect(sent).rejects.toThrow('enough')
    expect(started.standIn.requests).toEqual([])
  })
})

describe('a redirect', () => {
  test('to another host is not followed: the token stays here', async () => {
    const other = await StandIn.start({
      routes: [],
      gate: () => null,
      notFound: { status: 404 },
      invalid: () => ({ status: 400 }),
    })
    answer(302, undefined, { location: `${other.url}/api/v3/user` })
    await expect(user()).rejects.toThrow(
      /redirects to 127\.0\.0\.1:\d+, where its token must not go/,
    )
    expect(other.requests).toEqual([])
    await other.close()
  })

  test('on the same host is followed, for a while', async () => {
    answer(301, { message: 'Moved Permanently' }, { location: '/api/v3/user' })
    expect(await user()).toMatchObject({ login: 'jane' })
    for (let round = 0; round < 4; round++) answer(307, undefined, { location: '/api/v3/user' })
    await expect(user()).rejects.toThrow('without an end')
  })
})

test('a list without an end is left after its bound', async () => {
  for (let page = 0; page < 120; page++)
    answer(200, [], { link: '<https://x/user/repos?page=2>; rel="next"' })
  const repos: unknown[] = []
  const reading = (async () => {
    for await (const repo of started.forge.repos(TOKEN)) repos.push(repo)
  })()
  await expect(reading).rejects.toThrow('more than 100 pages')
})
