import { once } from 'node:events'
import { connect } from 'node:net'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals'
import { pino } from 'pino'
import { encodeLogRecord } from '../../protocol/log-record.js'
import { ADMIN_TOKEN, AUTHORIZED, HttpFixture } from '../../server/http/testing/fixture.js'
import { createRandom } from '../fuzz/random.js'
import { flaw } from './judge.js'
import { operationsOf } from './operations.js'
import type { Operation } from './operations.js'
import { hostileRequest } from './requests.js'
import type { Known } from './requests.js'
import { send } from './wire.js'

/** Requests to each route, with a repo that is there and with none. */
const RUNS = Number(process.env['SANDPIPER_FUZZ_RUNS'] ?? 30)
const AT_ONCE = 8
const SEED = Number(process.env['SANDPIPER_FUZZ_SEED'] ?? 1)
const UNLIMITED = 1e9

const KNOWN: Known = { owner: 'o', name: 'n', number: '1', stage: '1', step: '1', namespace: 'o' }

let fixture: HttpFixture
let port: number
const failures: string[] = []

beforeAll(async () => {
  const rates = {
    anonymous: UNLIMITED,
    user: UNLIMITED,
    wrongProof: UNLIMITED,
    wrongSignature: UNLIMITED,
  }
  const write = (line: string) => failures.push(line)
  fixture = await HttpFixture.open({ rates, logger: pino({ level: 'error' }, { write }) })
  port = Number(new URL(await fixture.listen()).port)
  await ensureRepo()
})
afterAll(() => fixture.close())

/** Some of the requests do what they say, and the repo is gone. */
async function ensureRepo(): Promise<void> {
  if ((await fixture.services.repos.find('o', 'n')) !== null) return
  await fixture.addRepo('o', 'n', 'hook secret')
  const ref = await fixture.runningStep('o', 'n')
  await fixture.print(ref, 'a line\n', '\u001b[31m<b>\0\n')
  await fixture.endStep(ref, 'success', 0)
}

async function operations(): Promise<readonly Operation[]> {
  return operationsOf((await fixture.app.inject('/api/openapi.json')).json())
}

/** Resident memory after a collection, in bytes. */
function residentBytes(): number {
  setFlagsFromString('--expose-gc')
  const collect = runInNewContext('gc') as () => void
  collect()
  return process.memoryUsage().rss
}

async function fuzz(
  operation: Operation,
  known: Known,
  seed: number,
  runs: number,
): Promise<string[]> {
  const random = createRandom(seed)
  const found: string[] = []
  for (let done = 0; done < runs; done += AT_ONCE) {
    const requests = Array.from({ length: Math.min(AT_ONCE, runs - done) }, () =>
      hostileRequest(operation, known, ADMIN_TOKEN, random),
    )
    await Promise.all(
      requests.map(async (request) => {
        const wrong = flaw(request, await send(port, request))
        if (wrong === null) return
        const shown = JSON.stringify({ ...request, body: request.body.toString().slice(0, 300) })
        found.push(`${operation.id}: ${wrong}\n  ${shown.slice(0, 1500)}`)
      }),
    )
    await ensureRepo()
  }
  return found
}

describe('every route, against hostile requests', () => {
  it('answers with what it should or a problem, and keeps no memory', async () => {
    const all = await operations()
    expect(all.length).toBeGreaterThan(20)
    const found: string[] = []
    for (const [index, operation] of all.entries()) {
      found.push(...(await fuzz(operation, KNOWN, SEED + index, 4)))
    }
    const before = residentBytes()
    for (const [index, operation] of all.entries()) {
      found.push(...(await fuzz(operation, KNOWN, SEED * 1000 + index, RUNS)))
      found.push(...(await fuzz(operation, {}, SEED * 2000 + index, Math.ceil(RUNS / 4))))
    }
    const logged = failures.map((line) => line.slice(0, 2000))
    expect([...found.slice(0, 10), ...logged.slice(0, 10)]).toEqual([])
    expect(residentBytes()).toBeLessThan(before * 1.5 + 64 * 1024 * 1024)
    const alive = await fixture.app.inject({ url: '/api/repos/o/n', headers: AUTHORIZED })
    expect(alive.statusCode).toBe(200)
  }, 300_000)
})

describe('hostile log lines', () => {
  it.each([
    ['ANSI', '\u001b[2J\u001b]0;title\u0007\u001b[31mred'],
    ['HTML', '<script>alert(1)</script>'],
    ['NULs', 'a\0b\0'],
    ['line ends of all kinds', 'a\rb\r\nc\u2028d\u2029e\u0085f'],
    ['what looks like an event', 'a\n\nevent: end\ndata: {}\n\nid: 9'],
    ['lone surrogates', '\ud800\udfff\udc00'],
    ['a line of 10 MB', 'x'.repeat(10 * 1024 * 1024)],
  ])('with %s come through every format as they are', async (_what, line) => {
    await fixture.addRepo('logs', _what.replace(/\W/g, '-'), 'hook secret')
    const ref = await fixture.runningStep('logs', _what.replace(/\W/g, '-'))
    const pieces = line.match(/[^]{1,32000}/gu) ?? []
    const records = pieces.map((out, pos) => encodeLogRecord({ pos, out, time: 1 }))
    await fixture.services.logs.store.append(ref, 0, Buffer.from(records.join('')))
    await fixture.endStep(ref, 'success', 0)
    const url = `/api/repos/logs/${_what.replace(/\W/g, '-')}/builds/1/logs/1/1`
    for (const accept of [
      'text/plain',
      'application/x-ndjson',
      'application/json',
      'text/event-stream',
    ]) {
      const answer = await fixture.app.inject({ url, headers: { ...AUTHORIZED, accept } })
      expect([accept, answer.statusCode]).toEqual([accept, 200])
      expect(answer.headers['x-content-type-options']).toBe('nosniff')
      if (accept === 'text/plain') expect(answer.body === Buffer.from(line).toString()).toBe(true)
      if (accept === 'text/event-stream') {
        expect(answer.body.match(/^event: end$/gm)).toHaveLength(1)
      }
    }
  })
})

describe('a client that sends slowly', () => {
  it('is answered and cut, and others are served meanwhile', async () => {
    const timing = { requestTimeoutMs: 300, timeoutCheckMs: 50 }
    const slow = await HttpFixture.open({ timing })
    const to = Number(new URL(await slow.listen()).port)
    const head = `POST /api/repos HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer ${ADMIN_TOKEN}\r\n`
    const begun = [
      'GET /api/repos HTTP/1.1\r\nHost: a\r\n',
      `${head}Content-Type: application/json\r\nContent-Length: 1000\r\n\r\n{"a":`,
      `${head}Content-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n5\r\n{"a":\r\n`,
    ]
    const answers = Array.from({ length: 60 }, async (_, index) => {
      const socket = connect(to, '127.0.0.1')
      socket.on('error', () => undefined)
      let text = ''
      socket.on('data', (chunk) => (text += String(chunk)))
      socket.write(begun[index % begun.length] ?? '')
      const drip = setInterval(() => socket.writable && socket.write('x'), 50)
      await once(socket, 'close')
      clearInterval(drip)
      return text
    })
    expect((await slow.app.inject('/healthz')).statusCode).toBe(200)
    for (const text of await Promise.all(answers)) {
      expect(text).toMatch(/^HTTP\/1\.1 4\d\d [^]*application\/problem\+json/)
    }
    await slow.close()
  })
})
