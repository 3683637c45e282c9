import { afterAll, beforeAll, describe, expect, it } from '@jest/globals'
import { Agent, fetch } from 'undici'
import type { RequestInit } from 'undici'
import { signBody } from '../../protocol/git-hook.js'
import { EventStream } from '../../server/http/testing/event-stream.js'
import { AUTHORIZED, HttpFixture } from '../../server/http/testing/fixture.js'
import { startCaddy, startNginx } from './proxy.js'
import type { TestProxy } from './proxy.js'

const SECRET = 'a-hook-secret-of-the-tests'

describe.each([
  ['nginx', startNginx],
  ['Caddy', startCaddy],
])('the server behind %s', (_name, start) => {
  let fixture: HttpFixture
  let proxy: TestProxy
  beforeAll(async () => {
    fixture = await HttpFixture.open()
    await fixture.addRepo('octo', 'hello', SECRET)
    proxy = await start(new URL(await fixture.listen()).host)
  })
  afterAll(async () => {
    await proxy.close()
    await fixture.close()
  })

  const ask = async (path: string, init: RequestInit = {}) => {
    const connect = proxy.ca === undefined ? {} : { ca: proxy.ca }
    const dispatcher = new Agent({ connect, keepAliveTimeout: 1 })
    return fetch(`${proxy.address}${path}`, { ...init, dispatcher })
  }

  it('answers, and its certificate is asked for again', async () => {
    const answer = await ask('/version')
    expect(await answer.json()).toMatchObject({ name: 'sandpiper' })
    expect(answer.headers.get('strict-transport-security')).toBe('max-age=63072000')
  })

  it('gets webhooks as they were sent, large ones too', async () => {
    const payload = { delivery: `large-${_name}`, repo: 'octo/hello', ref: 'refs/heads/main' }
    const message = 'x'.repeat(3 * 1024 * 1024)
    const body = JSON.stringify({ ...payload, after: 'a'.repeat(40), message })
    const answer = await ask('/hooks/git?repo=octo/hello', {
      method: 'POST',
      headers: { 'x-sandpiper-signature': signBody(SECRET, body) },
      body,
    })
    expect([answer.status, await answer.json()]).toMatchObject([202, { repo: 'octo/hello' }])
  })

  it('shows each line of a log as it comes', async () => {
    const ref = await fixture.runningStep('octo', 'hello')
    const repo = await fixture.services.repos.find('octo', 'hello')
    const url = `${proxy.address}/api/repos/octo/hello/builds/${repo?.counter ?? 0}/logs/1/1`
    await fixture.print(ref, 'one\n')
    const viewer = await EventStream.open(
      url,
      { ...AUTHORIZED, accept: 'text/event-stream' },
      proxy.ca,
    )
    expect(await viewer.take(1)).toMatchObject([{ data: { out: 'one\n' } }])
    await fixture.print(ref, 'two\n')
    expect(await viewer.take(1)).toMatchObject([{ data: { out: 'two\n' } }])
    viewer.close()
  })
})
