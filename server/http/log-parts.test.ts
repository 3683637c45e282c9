import { gunzipSync } from 'node:zlib'
import { afterAll, beforeAll, beforeEach, describe, expect, it, jest } from '@jest/globals'
import { encodeLogRecord } from '../../protocol/log-record.js'
import type { LogRecord } from '../../protocol/log-record.js'
import type { LogRef } from '../logs/log-store.js'
import { SEARCHES_MAX, WAITING_MAX } from '../logs/search-line.js'
import { insertStepLog, newStepLog } from '../store/step-logs.js'
import { AUTHORIZED, HttpFixture } from './testing/fixture.js'

let fixture: HttpFixture
beforeAll(async () => {
  fixture = await HttpFixture.open()
})
afterAll(() => fixture.close())

let repoCount = 0
let path: string
let log: LogRef
beforeEach(async () => {
  repoCount += 1
  await fixture.addRepo('o', `p${repoCount}`, 'hook secret')
  log = await fixture.runningStep('o', `p${repoCount}`)
  path = `/api/repos/o/p${repoCount}/builds/1/logs/1/1`
})

interface Found {
  readonly matches: readonly {
    readonly line: number
    readonly text: string
    readonly text_start: number
    readonly columns: readonly unknown[]
  }[]
  readonly next: string | null
}

async function search(query: string): Promise<Found> {
  return (await get(`/search?${query}`)).json<Found>()
}

async function sections() {
  const { body } = await get('/sections')
  return JSON.parse(body) as { sections: { finished_ms: number | null }[]; truncated: boolean }
}

function get(rest: string, headers: Record<string, string> = {}, method: 'GET' | 'HEAD' = 'GET') {
  return fixture.app.inject({ method, url: path + rest, headers: { ...AUTHORIZED, ...headers } })
}

async function write(records: readonly Omit<LogRecord, 'pos'>[]): Promise<void> {
  const { store } = fixture.services.logs
  const lines = records.map((record, pos) => encodeLogRecord({ pos, ...record }))
  await store.append(log, 0, Buffer.from(lines.join('')))
}

const numbered = (count: number) => Array.from({ length: count }, (_, i) => `line ${i + 1}\n`)

describe('a range of a log', () => {
  beforeEach(() => fixture.print(log, ...numbered(1_000)))

  it.each([
    ['?from=999', ['line 999', 'line 1000']],
    ['?from=700&to=701', ['line 700', 'line 701']],
    ['?to=2', ['line 1', 'line 2']],
    ['?tail=2', ['line 999', 'line 1000']],
    ['?tail=5000&follow=true', numbered(1_000).map((line) => line.trimEnd())],
    ['?from=1001', []],
    ['?from=5&to=4', []],
  ])('%s is those lines', async (query, lines) => {
    const { statusCode, body } = await get(query)
    expect([statusCode, body.split('\n').slice(0, -1)]).toEqual([200, lines])
  })

  it('keeps the numbers of its lines in every format', async () => {
    const events = await get('?from=700&to=700', { accept: 'text/event-stream' })
    expect(events.body).toContain('id: 700\ndata: {"pos":699,')
    const json = await get('?tail=1', { accept: 'application/json' })
    expect(json.json()).toEqual([{ pos: 999, out: 'line 1000\n', time: 0 }])
  })

  it.each(['?from=0', '?tail=0', '?tail=1&from=2', '?to=x', '?from=1e99'])(
    '%s is refused',
    async (query) => {
      expect((await get(query)).json()).toMatchObject({ status: 400, code: 'SP_HTTP_INVALID' })
    },
  )
})

describe('a search', () => {
  it('finds lines with their numbers, columns and neighbours, and no colours', async () => {
    await fixture.print(log, 'one\n', '\u001b[31mAn Err\u001b[0mor error\r\n', 'two\n')
    const { matches, next } = await search('q=error&context=1')
    expect({ matches, next }).toEqual({
      matches: [
        {
          line: 2,
          time_ms: 7,
          stream: 'stdout',
          text: 'An Error error',
          text_start: 0,
          columns: [
            { start: 3, end: 8 },
            { start: 9, end: 14 },
          ],
          before: ['one'],
          after: ['two'],
        },
      ],
      next: null,
    })
    expect((await search('q=error&case=true')).matches[0]?.columns).toHaveLength(1)
  })

  it('goes on where it stopped, and misses and doubles nothing', async () => {
    await fixture.print(log, ...numbered(1_000))
    const lines: number[] = []
    for (let cursor = '', pages = 0; pages < 1_000; pages += 1) {
      const response = await get(`/search?q=7&limit=17&context=2${cursor}`)
      const { matches, next } = response.json<Found>()
      lines.push(...matches.map(({ line }) => line))
      if (next === null) break
      expect(response.headers['link']).toContain(`cursor=${next}`)
      cursor = `&cursor=${next}`
    }
    const expected = numbered(1_000).flatMap((line, i) => (line.includes('7') ? [i + 1] : []))
    expect(lines).toEqual(expected)
  })

  it('is refused with the time to come back while too many others wait', async () => {
    await fixture.print(log, 'needle\n')
    const { store } = fixture.services.logs
    const held: (() => void)[] = []
    const size = jest.spyOn(store, 'size').mockImplementation(async () => {
      await new Promise<void>((resolve) => held.push(resolve))
      return 0
    })
    const places = SEARCHES_MAX + WAITING_MAX
    const answers = Array.from({ length: places + 3 }, () => get('/search?q=needle'))
    const refused = await Promise.any(answers)
    expect(refused.json()).toMatchObject({ status: 503, code: 'SP_LOG_BUSY' })
    expect(Number(refused.headers['retry-after'])).toBeGreaterThan(0)
    expect(held).toHaveLength(SEARCHES_MAX)
    size.mockRestore()
    for (const go of held) go()
    const statuses = (await Promise.all(answers)).map(({ statusCode }) => statusCode)
    expect(statuses.filter((status) => status === 503)).toHaveLength(3)
    expect(statuses.filter((status) => status === 200)).toHaveLength(places)
  })

  it('takes regular expressions, whose time is bounded', async () => {
    await fixture.print(log, 'took 12 s\n', `${'a'.repeat(16_000)}\n`, 'took 7 s\n')
    const { matches } = await search(`regex=true&q=${encodeURIComponent('\\b\\d s$')}`)
    expect(matches.map(({ line }) => line)).toEqual([3])
    const evil = await get(`/search?regex=true&q=${encodeURIComponent('(a|a)*(a+)+b')}`)
    expect(evil.json()).toEqual({ matches: [], next: null })
  })

  it.each(['(', '(?=a)', '(a{1000}){1000}', '(.{1000}){2}', '\\8'])(
    'refuses the expression %s and says why',
    async (expression) => {
      const response = await get(`/search?regex=true&q=${encodeURIComponent(expression)}`)
      expect(response.json()).toMatchObject({ status: 400, code: 'SP_HTTP_INVALID' })
    },
  )

  it('takes an expression as text unless told otherwise', async () => {
    await fixture.print(log, 'a.c(\n', 'abc(\n')
    expect((await search('q=A.C(')).matches).toMatchObject([{ line: 1 }])
  })

  it('shows of a long line the part with the match', async () => {
    await fixture.print(log, `${'x'.repeat(9_000)}needle${'y'.repeat(2_000)}\n`)
    const [match] = (await search('q=needle')).matches
    if (match === undefined) throw new Error('nothing was found')
    expect(match.columns).toEqual([{ start: 9_000, end: 9_006 }])
    expect(match.text.slice(9_000 - match.text_start)).toMatch(/^needle/)
    expect(match.text.length).toBeLessThanOrEqual(1_000)
  })
})

describe('the sections of a log', () => {
  it('are the commands with their lines, times and exit codes', async () => {
    await write([
      { out: '[sandpiper] pulling\n', time: 1 },
      { out: '+ make\n', time: 10, section: { command: 0 } },
      { out: '","section":{"command":5}}\n', time: 11 },
      { out: '+ make test\n', time: 30, section: { command: 1, before: 0 } },
      { out: 'failed\n', time: 31, stream: 'stderr' },
    ])
    const started = 1_795_000_001_400
    const first = { command: 'make', number: 1, first_line: 2, last_line: 3 }
    const second = { command: 'make test', number: 2, first_line: 4, last_line: 5 }
    const ran = { started_ms: started + 10, finished_ms: started + 30, exit_code: 0 }
    const running = { started_ms: started + 30, finished_ms: null, exit_code: null }
    expect(await sections()).toEqual({
      sections: [
        { ...first, ...ran },
        { ...second, ...running },
      ],
      truncated: false,
    })
    await fixture.endStep(log, 'failure', 2)
    const [, last] = (await sections()).sections
    expect(last).toMatchObject({ ...second, exit_code: 2 })
    expect(last?.finished_ms).toBeGreaterThan(started)
  })

  it('are events of their own before their first lines', async () => {
    await write([
      { out: '+ make\n', time: 10, section: { command: 0 } },
      { out: 'x\n', time: 11 },
    ])
    await fixture.endStep(log, 'success', 0)
    const { body } = await get('', { accept: 'text/event-stream' })
    const data = '{"number":1,"first_line":1,"time":10,"before":null}'
    expect(body).toMatch(`event: section\ndata: ${data}\n\nid: 1\ndata: {"pos":0,`)
    expect(body.match(/event: section/g)).toHaveLength(1)
  })
})

describe('what a step writes to standard error', () => {
  beforeEach(() =>
    write([
      { out: 'warning: 1\n', time: 1 },
      { out: 'warning: 2\n', time: 2, stream: 'stderr' },
      { out: 'warning: 3', time: 3 },
    ]),
  )

  it('is told in each record, and can be had alone', async () => {
    const { body } = await get('', { accept: 'application/x-ndjson' })
    expect(body.split('\n')[1]).toBe('{"pos":1,"out":"warning: 2\\n","time":2,"stream":"stderr"}')
    expect((await get('/download?stream=stderr')).body).toBe('warning: 2\n')
    expect((await get('/download?stream=stdout')).body).toBe('warning: 1\nwarning: 3')
  })

  it('can be searched alone', async () => {
    const { matches } = await search('q=warning&stream=stderr')
    expect(matches).toMatchObject([{ line: 2, stream: 'stderr', text: 'warning: 2' }])
    expect((await search('q=warning')).matches).toHaveLength(3)
  })
})

describe('a download', () => {
  const colours = 'one\n\u001b[1mtwo\u001b[0m\nthree'
  beforeEach(() => fixture.print(log, 'one\n', '\u001b[1mtwo\u001b[0m\n', 'three'))

  it('is a file with a safe name', async () => {
    const { headers, body } = await get('/download')
    expect(headers).toMatchObject({
      'content-type': 'text/plain; charset=utf-8',
      'x-content-type-options': 'nosniff',
      'content-disposition': `attachment; filename="o-p${repoCount}-1-default-test.log"`,
    })
    expect(body).toBe(colours)
    expect((await get('/download', {}, 'HEAD')).body).toBe('')
  })

  it('has times, no colours, or the records, where asked for', async () => {
    const plain = await get('/download?ansi=false&timestamps=true')
    expect(plain.body.replace(/^\S+T\S+Z /gm, '')).toBe('one\ntwo\nthree')
    expect(plain.body).toMatch(/^2026-11-18T\d\d:\d\d:\d\d\.\d{3}Z one\n/)
    const records = await get('/download?format=ndjson')
    expect(records.body.split('\n')[1]).toBe(
      '{"pos":1,"out":"\\u001b[1mtwo\\u001b[0m\\n","time":7}',
    )
  })

  it('is packed for who takes that', async () => {
    const packed = await get('/download', { 'accept-encoding': 'br, gzip' })
    expect(packed.headers['content-encoding']).toBe('gzip')
    expect(gunzipSync(packed.rawPayload).toString()).toBe(colours)
    const plain = await get('/download', { 'accept-encoding': 'gzip;q=0' })
    expect(plain.headers['content-encoding']).toBeUndefined()
  })

  it.each([
    ['bytes=0-2', 'one', 'bytes 0-2/21'],
    ['bytes=-5', 'three', 'bytes 16-20/21'],
    ['bytes=16-', 'three', 'bytes 16-20/21'],
    ['bytes=2-99', colours.slice(2), 'bytes 2-20/21'],
  ])('has the range %s', async (range, text, contentRange) => {
    const { statusCode, headers, body } = await get('/download', { range })
    expect([statusCode, headers['content-range'], body]).toEqual([206, contentRange, text])
  })

  it('is whole where the range is none, and refused where it is past the end', async () => {
    for (const range of ['bytes=3-1', 'lines=1-2', 'bytes=0-1,3-4', 'x']) {
      expect(await get('/download', { range })).toMatchObject({ statusCode: 200, body: colours })
    }
    const past = await get('/download', { range: 'bytes=21-' })
    expect(past.headers['content-range']).toBe('bytes */21')
    expect(past.json()).toMatchObject({ status: 416, code: 'SP_LOG_RANGE' })
  })

  it('of a log that is complete can be resumed only while it is the same', async () => {
    await fixture.endStep(log, 'success', 0)
    const { headers } = await get('/download')
    const range = 'bytes=16-'
    const etag = String(headers['etag'])
    expect((await get('/download', { range, 'if-range': etag })).body).toBe('three')
    expect((await get('/download', { range, 'if-range': '"x"' })).body).toBe(colours)
  })
})

describe('a log that is removed', () => {
  const remove = (url: string) => fixture.app.inject({ method: 'DELETE', url, headers: AUTHORIZED })

  it('is gone for good, and everybody is told so', async () => {
    await fixture.print(log, 'one\n')
    expect((await remove(path)).json()).toMatchObject({ status: 409, code: 'SP_LOG_RUNNING' })
    await fixture.endStep(log, 'success', 0)
    expect((await remove(path)).statusCode).toBe(204)
    for (const rest of ['', '?tail=1', '/search?q=one', '/sections', '/download']) {
      expect((await get(rest)).json()).toMatchObject({ status: 410, code: 'SP_LOG_REMOVED' })
    }
    expect(await fixture.services.logs.store.size(log)).toBe(0)
    expect((await remove(path)).statusCode).toBe(410)
  })

  it('goes with its build when older builds are purged', async () => {
    await fixture.print(log, 'one\n')
    const builds = path.replace(/\/\d+\/logs.*/, '')
    await fixture.manyBuilds('o', `p${repoCount}`, 2)
    const left = async () => {
      const response = await fixture.app.inject({ url: builds, headers: AUTHORIZED })
      return response.json<{ number: number }[]>().map(({ number }) => number)
    }
    expect((await remove(`${builds}?before=3`)).statusCode).toBe(204)
    expect(await left()).toEqual([3, 2, 1])
    await fixture.db.updateTable('builds').set({ finished: 1 }).where('number', '<', 3).execute()
    expect((await remove(`${builds}?before=2`)).statusCode).toBe(204)
    expect([await left(), await fixture.services.logs.store.size(log)]).toEqual([[3, 2], 0])
    expect((await remove(builds)).statusCode).toBe(400)
  })
})

describe('a log whose blob is not there', () => {
  it('is a problem that says so, not an empty log', async () => {
    await fixture.print(log, 'one\n')
    await fixture.endStep(log, 'success', 0)
    const change = {
      archived: 2,
      blob_key: 'logs/none',
      index_json: '{"frames":[[0,0,0],[1,5,9]],"sections":[]}',
    }
    const row = { stageId: log.stageId, attempt: 1, step: 1, repo_id: 1, sha256: '', finished: 1 }
    await insertStepLog(fixture.db, { ...newStepLog({ ...row, bytes: 5 }), ...change })
    for (const rest of ['', '/download', '/search?q=x', '?from=1']) {
      expect((await get(rest)).statusCode).toBe(410)
    }
  })
})

describe('the log of a stage that a restarted build has taken over', () => {
  it('is that of the stage which ran, in every form', async () => {
    await write([
      { out: 'one\n', time: 0, section: { command: 0 } },
      { out: 'two\n', time: 1 },
    ])
    await fixture.endStep(log, 'success', 0)
    const copy = await fixture.runningStep('o', `p${repoCount}`)
    await fixture.endStep(copy, 'success', 0)
    await fixture.db
      .updateTable('stages')
      .set({ copied_from: log.stageId })
      .where('id', '=', copy.stageId)
      .execute()
    path = `/api/repos/o/p${repoCount}/builds/2/logs/1/1`
    expect((await get('')).body).toBe('one\ntwo\n')
    expect((await get('', { accept: 'text/event-stream' })).body).toContain('"out":"two\\n"')
    expect((await search('q=two')).matches).toMatchObject([{ line: 2 }])
    expect((await sections()).sections).toMatchObject([{ last_line: 2, exit_code: 0 }])
    const { body, headers } = await get('/download')
    expect([body, headers['content-disposition']]).toEqual([
      'one\ntwo\n',
      `attachment; filename="o-p${repoCount}-2-default-test.log"`,
    ])
  })
})
