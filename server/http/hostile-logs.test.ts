import { request } from 'node:http'
import type { IncomingMessage } from 'node:http'
import { once } from 'node:events'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals'
import fc from 'fast-check'
import { LOG_RECORD_OUT_MAX } from '../../protocol/log-record.js'
import type { LogRef } from '../logs/log-store.js'
import { AUTHORIZED, HttpFixture } from './testing/fixture.js'

let fixture: HttpFixture
let origin: string
let count = 0
beforeAll(async () => {
  fixture = await HttpFixture.open()
  origin = await fixture.listen()
})
afterAll(() => fixture.close())

async function newLog(): Promise<{ readonly log: LogRef; readonly path: string }> {
  count += 1
  await fixture.addRepo('o', `h${count}`, 'hook secret')
  const log = await fixture.runningStep('o', `h${count}`)
  return { log, path: `/api/repos/o/h${count}/builds/1/logs/1/1` }
}

async function get(url: string, accept: string) {
  const response = await fixture.app.inject({ url, headers: { ...AUTHORIZED, accept } })
  return { response, text: new TextDecoder('utf-8', { fatal: true }).decode(response.rawPayload) }
}

const EVIL = [
  '\u0000\u0001\u001b]0;title\u0007\u001b[2J<script>alert(1)</script>\n',
  'a\r\n\r\nevent: end\r\ndata: {}\r\n\r\nid: 99\n',
  '\u2028\u2029\ufeff\u{1f600}\ufffd\ud800 lone \udc00\n',
  '"}\n',
  '","section":{"command":0}}\n',
  '__proto__ {{7*7}} ${x} %s %n \\u0000 \\\n',
]

describe('hostile output', () => {
  it('leaves every format valid and every line itself', async () => {
    const { log, path } = await newLog()
    await fixture.print(log, ...EVIL)
    await fixture.endStep(log, 'success', 0)
    const wellFormed = EVIL.map((out) => Buffer.from(out).toString())
    const plain = await get(path, 'text/plain')
    expect(plain.text).toBe(wellFormed.join(''))
    expect(plain.response.headers).toMatchObject({
      'content-type': 'text/plain; charset=utf-8',
      'x-content-type-options': 'nosniff',
    })
    const json = JSON.parse((await get(path, 'application/json')).text) as { out: string }[]
    expect(json.map(({ out }) => out)).toEqual(EVIL)
    const ndjson = (await get(path, 'application/x-ndjson')).text.trimEnd().split('\n')
    expect(ndjson.map((line) => (JSON.parse(line) as { out: string }).out)).toEqual(EVIL)
    const events = (await get(path, 'text/event-stream')).text.split('\n\n')
    const data = events.slice(0, -2).map((block) => /^id: \d+\ndata: (.*)$/s.exec(block)?.[1] ?? '')
    expect(data.map((text) => (JSON.parse(text) as { out: string }).out)).toEqual(EVIL)
    expect(JSON.parse((await get(`${path}/sections`, '*/*')).text)).toMatchObject({ sections: [] })
    for (const rest of ['/download', '/download?ansi=false&timestamps=true', '/search?q=e']) {
      expect((await get(path + rest, '*/*')).response.statusCode).toBe(200)
    }
  })

  it('that is no records at all, whatever a runner sends, is never an internal error', async () => {
    const line = fc.oneof(
      fc.constantFrom(
        '{"pos":1e999,"out":"x","time":1e999}',
        '{"pos":0,"out":"x","time":1,"section":7}',
      ),
      fc.constantFrom(
        '{"pos":0,"out":"x","time":-5,"section":{"command":-1}}',
        '[]',
        'null',
        '}}',
        '{',
      ),
      fc.constantFrom(
        '{"pos":0,"out":"a","time":1e17,"stream":"stdin"}',
        '{"pos":0,"out":"b","time":9e15}',
      ),
      fc.string({ unit: 'binary' }).map((text) => text.replaceAll('\n', ' ')),
    )
    await fc.assert(
      fc.asyncProperty(fc.array(line, { minLength: 1, maxLength: 8 }), async (lines) => {
        const { log, path } = await newLog()
        await fixture.services.logs.store.append(log, 0, Buffer.from(`${lines.join('\n')}\n`))
        await fixture.endStep(log, 'success', 0)
        for (const accept of ['text/plain', 'application/json', 'text/event-stream']) {
          expect((await get(path, accept)).response.statusCode).toBe(200)
        }
        const rests = ['/search?q=x', '/sections', '/download?timestamps=true', '?tail=2']
        for (const rest of [...rests, '/search?regex=true&q=.&context=2']) {
          expect((await get(path + rest, '*/*')).response.statusCode).toBe(200)
        }
      }),
      { numRuns: 15 },
    )
  })

  it('of one line of 10 MB comes in records, and is found and read like any other', async () => {
    const { log, path } = await newLog()
    const piece = 'x'.repeat(LOG_RECORD_OUT_MAX)
    for (let i = 0; i < 10; i += 1)
      await fixture.print(log, ...Array.from({ length: 64 }, () => piece))
    await fixture.print(log, 'needle\n')
    await fixture.endStep(log, 'success', 0)
    const { response } = await get(path, 'text/plain')
    expect(response.rawPayload.length).toBe(640 * LOG_RECORD_OUT_MAX + 7)
    const found = JSON.parse((await get(`${path}/search?q=needle`, '*/*')).text) as unknown
    expect(found).toMatchObject({ matches: [{ line: 641 }], next: null })
    expect((await get(`${path}?tail=1`, 'text/plain')).text).toBe('needle\n')
  })
})

/** Without it, what is held can't be told from what nobody has thrown away yet. */
function collectGarbage(): void {
  setFlagsFromString('--expose-gc')
  const collect = runInNewContext('gc') as () => void
  collect()
}

describe('viewers that read nothing', () => {
  it('hold a little of a long log each, not all of it', async () => {
    const { log, path } = await newLog()
    const line = `${'x'.repeat(1_000)}\n`
    const lines = Array.from({ length: 1_000 }, () => line)
    const viewers: IncomingMessage[] = []
    for (let i = 0; i < 100; i += 1) {
      const headers = { ...AUTHORIZED, accept: 'text/event-stream' }
      const call = request(origin + path, { headers, agent: false }).end()
      const [response] = (await once(call, 'response')) as [IncomingMessage]
      viewers.push(response)
    }
    const held = async () => {
      let least = Number.POSITIVE_INFINITY
      await fixture.untilSteady(() => {
        collectGarbage()
        const { external, arrayBuffers } = process.memoryUsage()
        return (least = Math.min(least, external + arrayBuffers))
      })
      return least
    }
    const before = await held()
    // 32 MB of log, of which 100 viewers would hold 3,200 if each kept what it has not taken yet.
    for (let i = 0; i < 32; i += 1) await fixture.print(log, ...lines)
    await fixture.untilSteady(() => viewers.reduce((sum, it) => sum + it.readableLength, 0))
    const bytes = (await held()) - before
    expect(bytes).toBeLessThan(48 * 1024 * 1024)
    for (const viewer of viewers) viewer.destroy()
    await fixture.until(() => fixture.watcher.size === 0)
    // Each look at what is held collects garbage first.
  }, 120_000)
})
