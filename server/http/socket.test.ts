import { connect } from 'node:net'
import type { Socket } from 'node:net'
import { request } from 'node:http'
import { once } from 'node:events'
import type { Readable } from 'node:stream'
import { spawn } from 'node:child_process'
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals'
import { signBody } from '../../protocol/git-hook.js'
import { AUTHORIZED, HttpFixture } from './testing/fixture.js'

const MEGABYTE = Buffer.alloc(1024 * 1024, 'x')
const SIGNATURE = { 'x-sandpiper-signature': signBody('s', 'x') }

let fixture: HttpFixture
let url: string
let port: number
beforeAll(async () => {
  fixture = await HttpFixture.open()
  await fixture.addRepo('o', 'n', 'hook secret')
  url = await fixture.listen()
  port = Number(new URL(url).port)
})
afterAll(() => fixture.close())

/** Sends bytes as they are and returns all that comes back until the server closes. */
async function raw(to: number, text: string): Promise<string> {
  const socket = connect(to, '127.0.0.1')
  socket.write(text)
  return readAll(socket)
}

async function readAll(socket: Socket): Promise<string> {
  let text = ''
  for await (const chunk of socket) text += String(chunk)
  return text
}

/** Posts 100 MB, through to the last byte, and returns status and body of the answer. */
async function postLarge(headers: Record<string, string | number>) {
  const call = request(`${url}/hooks/git`, { method: 'POST', headers, agent: false })
  const answered = once(call, 'response')
  for (let i = 0; i < 100; i += 1) if (!call.write(MEGABYTE)) await once(call, 'drain')
  call.end()
  const [response] = (await answered) as [Readable & { statusCode: number }]
  let text = ''
  for await (const chunk of response) text += String(chunk)
  return { status: response.statusCode, problem: JSON.parse(text) as unknown }
}

describe('a body of 100 MB', () => {
  it('gets its 413 without being kept, when its length is declared', async () => {
    const answer = await postLarge({ ...SIGNATURE, 'content-length': 100 * MEGABYTE.length })
    expect(answer).toMatchObject({ status: 413, problem: { code: 'SP_HTTP_BODY_TOO_LARGE' } })
  })

  it('gets its 413 without being kept, when it comes in chunks', async () => {
    const before = process.memoryUsage().arrayBuffers
    const answer = await postLarge({ ...SIGNATURE, 'transfer-encoding': 'chunked' })
    expect(answer).toMatchObject({ status: 413, problem: { code: 'SP_HTTP_BODY_TOO_LARGE' } })
    expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(50 * MEGABYTE.length)
  })

  it('gets its answer through curl, which asks before it sends', async () => {
    const curl = spawn('curl', [
      '-sS',
      '-H',
      `x-sandpiper-signature: ${SIGNATURE['x-sandpiper-signature']}`,
      '--data-binary',
      '@-',
      '-w',
      '%{http_code}',
      `${url}/hooks/git`,
    ])
    curl.stdin.on('error', () => undefined)
    for (let i = 0; i < 100; i += 1) curl.stdin.write(MEGABYTE)
    curl.stdin.end()
    let text = ''
    for await (const chunk of curl.stdout) text += String(chunk)
    expect(text).toContain('SP_HTTP_BODY_TOO_LARGE')
    expect(text.endsWith('413')).toBe(true)
  })

  it('gets its 401 without a signature, and the server lives on', async () => {
    const answer = await postLarge({ 'transfer-encoding': 'chunked' })
    expect(answer).toMatchObject({ status: 401, problem: { code: 'SP_HOOK_UNSIGNED' } })
    expect((await fetch(`${url}/healthz`)).status).toBe(200)
  })
})

describe('a sender', () => {
  const HEAD = `POST /hooks/git HTTP/1.1\r\nHost: x\r\nX-Sandpiper-Signature: ${SIGNATURE['x-sandpiper-signature']}\r\n`

  it.each([
    ['body', `${HEAD}Content-Length: 100\r\n\r\nslow`],
    ['headers', 'POST /hooks/git HTTP/1.1\r\nHost: x\r\nX-'],
  ])('that does not finish its %s in time is told so and cut off', async (_part, text) => {
    const timing = { requestTimeoutMs: 200, timeoutCheckMs: 20 }
    const impatient = await HttpFixture.open({ timing })
    const answer = await raw(Number(new URL(await impatient.listen()).port), text)
    expect(answer).toMatch(/^HTTP\/1\.1 408 /)
    expect(answer).toContain('"code":"SP_HTTP_TIMEOUT"')
    await impatient.close()
  })

  it('that goes away in the middle of its body is no error of ours', async () => {
    const socket = connect(port, '127.0.0.1')
    socket.write(`${HEAD}Content-Length: 100\r\n\r\nhalf`)
    await once(socket, 'connect')
    const answered = fixture.logged.length
    socket.end()
    await readAll(socket)
    socket.destroy()
    await fixture.until(() => fixture.logged.length > answered)
    expect(fixture.logged.slice(answered).join('')).toContain('client went away')
    expect(fixture.logged.slice(answered).join('')).not.toContain('"level":50')
    expect((await fetch(`${url}/healthz`)).status).toBe(200)
  })

  it('whose signature has the wrong bytes in it is refused', async () => {
    const body = '{}'
    const answer = await raw(
      port,
      `POST /hooks/git HTTP/1.1\r\nHost: x\r\nConnection: close\r\nX-Sandpiper-Signature: sha256=\u00e9${'a'.repeat(63)}\r\nContent-Length: ${body.length}\r\n\r\n${body}`,
    )
    expect(answer).toMatch(/^HTTP\/1\.1 401 /)
  })

  it.each([
    ['no HTTP', 'hello\r\n\r\n', 400],
    ['a header that is two', `${HEAD}X: a\r\n b\u0000\r\n\r\n`, 400],
    ['two lengths', `${HEAD}Content-Length: 1\r\nContent-Length: 2\r\n\r\nx`, 400],
    [
      'length and chunks',
      `${HEAD}Content-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n`,
      400,
    ],
    ['endless headers', `GET / HTTP/1.1\r\nHost: x\r\nX: ${'y'.repeat(100_000)}\r\n\r\n`, 431],
  ])('of %s gets a problem document', async (_case, text, status) => {
    const answer = await raw(port, text)
    expect(answer).toMatch(new RegExp(`^HTTP/1\\.1 ${status} `))
    expect(answer).toContain('application/problem+json')
  })
})

it('a viewer that never reads does not keep the server from closing', async () => {
  const other = await HttpFixture.open()
  await other.addRepo('o', 'n', 'hook secret')
  const log = await other.runningStep('o', 'n')
  for (let i = 0; i < 20; i += 1) {
    await other.print(log, ...Array.from({ length: 64 }, () => 'x'.repeat(16_000)))
  }
  const path = '/api/repos/o/n/builds/1/logs/1/1'
  const call = request((await other.listen()) + path, {
    headers: { ...AUTHORIZED, accept: 'text/event-stream' },
  })
  call.on('error', () => undefined)
  call.end()
  const [response] = (await once(call, 'response')) as [Readable]
  response.on('error', () => undefined)
  response.pause()
  await other.close()
  expect(other.watcher.size).toBe(0)
})
