import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals'
import type { LogRef } from '../logs/log-store.js'
import { AUTHORIZED, HttpFixture } from './testing/fixture.js'
import { EventStream } from './testing/event-stream.js'

let fixture: HttpFixture
beforeAll(async () => {
  fixture = await HttpFixture.open({ timing: { heartbeatMs: 60, recheckMs: 20 } })
})
afterAll(() => fixture.close())

let repoCount = 0
let path: string
let log: LogRef
beforeEach(async () => {
  repoCount += 1
  const name = `n${repoCount}`
  await fixture.addRepo('o', name, 'hook secret')
  log = await fixture.runningStep('o', name)
  path = `/api/repos/o/${name}/builds/1/logs/1/1`
})

function get(accept: string | undefined, query = '', method: 'GET' | 'HEAD' = 'GET') {
  const headers = accept === undefined ? AUTHORIZED : { ...AUTHORIZED, accept }
  return fixture.app.inject({ method, url: path + query, headers })
}

describe('a log', () => {
  it('is text unless asked otherwise', async () => {
    await fixture.print(log, 'one\n', 'tw', 'o\n', 'ünï\u001b[1m\n')
    for (const accept of [undefined, '*/*', 'text/*', 'text/html, */*;q=0.1']) {
      const response = await get(accept)
      expect(response.headers['content-type']).toBe('text/plain; charset=utf-8')
      expect(response.body).toBe('one\ntwo\nünï\u001b[1m\n')
    }
  })

  it('is the very records as NDJSON', async () => {
    await fixture.print(log, 'one\n', 'two\n')
    const response = await get('application/x-ndjson')
    expect(response.headers['content-type']).toBe('application/x-ndjson')
    expect(response.body).toBe(
      '{"pos":0,"out":"one\\n","time":7}\n{"pos":1,"out":"two\\n","time":7}\n',
    )
  })

  it('is Drone’s array of lines as JSON', async () => {
    expect((await get('application/json')).json()).toEqual([])
    await fixture.print(log, 'one\n', 'two\n')
    const response = await get('application/json')
    expect(response.headers['content-type']).toContain('application/json')
    expect(response.json()).toEqual([
      { pos: 0, out: 'one\n', time: 0 },
      { pos: 1, out: 'two\n', time: 0 },
    ])
  })

  it('is empty before the step printed anything', async () => {
    const response = await get('text/plain')
    expect([response.statusCode, response.body]).toEqual([200, ''])
  })

  it('is not to be had in another format', async () => {
    for (const accept of ['image/png', 'text/plain;q=0', 'text/html']) {
      const response = await get(accept)
      expect(response.json()).toMatchObject({ status: 406, code: 'SP_HTTP_NOT_ACCEPTABLE' })
    }
  })

  it.each([
    ['application/x-ndjson, text/plain', 'application/x-ndjson'],
    ['application/x-ndjson, */*', 'application/x-ndjson'],
    ['text/plain;q=0.5, application/json;q=0.8', 'application/json'],
    ['TEXT/PLAIN', 'text/plain'],
    ['application/json, text/plain, */*', 'application/json'],
    ['text/plain, application/json', 'text/plain'],
  ])('has the format that %s likes best', async (accept, type) => {
    expect((await get(accept)).headers['content-type']).toContain(type)
  })

  it('says which lines are damaged instead of stopping there', async () => {
    await fixture.print(log, 'one\n')
    const size = await fixture.services.logs.store.size(log)
    await fixture.services.logs.store.append(log, size, Buffer.from('{"nonsense":1}\n'))
    const notice = '[sandpiper: line 2 of the log is damaged]\n'
    expect((await get('text/plain')).body).toBe(`one\n${notice}`)
    const [, second] = (await get('application/x-ndjson')).body.split('\n')
    expect(JSON.parse(second!)).toEqual({ pos: 1, out: notice, time: 0 })
  })

  it('of an older attempt can be asked for', async () => {
    await fixture.print(log, 'first try\n')
    const second = await fixture.nextAttempt(log)
    await fixture.print(second, 'second try\n')
    expect((await get('text/plain')).body).toBe('second try\n')
    expect((await get('text/plain', '?attempt=1')).body).toBe('first try\n')
  })

  it('answers HEAD with its headers at once, even for a stream', async () => {
    const response = await get('text/event-stream', '', 'HEAD')
    expect(response.statusCode).toBe(200)
    expect(response.headers['content-type']).toBe('text/event-stream')
    expect(response.body).toBe('')
  })

  it.each(['text/plain', 'application/x-ndjson'])('as %s follows to the end', async (accept) => {
    await fixture.print(log, 'one\n')
    const following = get(accept, '?follow=true')
    await fixture.print(log, 'two\n')
    await fixture.endStep(log, 'success', 0)
    const { body } = await following
    expect(body.match(/one|two/g)).toEqual(['one', 'two'])
  })
})

describe('an event stream', () => {
  let origin: string
  const streams: EventStream[] = []
  beforeAll(async () => {
    origin = await fixture.listen()
  })
  afterEach(() => {
    for (const stream of streams.splice(0)) stream.close()
  })

  async function open(headers: Record<string, string> = {}, query = ''): Promise<EventStream> {
    const stream = await EventStream.open(origin + path + query, {
      ...AUTHORIZED,
      accept: 'text/event-stream',
      ...headers,
    })
    streams.push(stream)
    return stream
  }

  const line = (number: number, out: string, id = String(number)) => ({
    id,
    event: 'message',
    data: { pos: number - 1, out, time: 7 },
  })

  it('starts at line 1 for who comes late, follows, and tells the end', async () => {
    await fixture.print(log, 'one\n', 'two\n')
    const stream = await open()
    expect(await stream.take(2)).toEqual([line(1, 'one\n'), line(2, 'two\n')])
    await fixture.print(log, 'three\n')
    expect(await stream.take(1)).toEqual([line(3, 'three\n')])
    await fixture.endStep(log, 'failure', 3)
    expect(await stream.take(1)).toEqual([
      { id: '3', event: 'end', data: { status: 'failure', exit_code: 3, error: '', attempt: 1 } },
    ])
    expect(await stream.take(1)).toEqual([])
  })

  it('resumes after Last-Event-ID, also at lines that are not there yet', async () => {
    await fixture.print(log, 'one\n', 'two\n')
    const stream = await open({ 'last-event-id': '1' })
    expect(await stream.take(1)).toEqual([line(2, 'two\n')])
    const ahead = await open({ 'last-event-id': '3' })
    await fixture.print(log, 'three\n', 'four\n')
    expect(await ahead.take(1)).toEqual([line(4, 'four\n')])
  })

  it('of a step that has ended is its log and its end', async () => {
    await fixture.print(log, 'one\n')
    await fixture.endStep(log, 'success', 0)
    const stream = await open({ 'last-event-id': '1' })
    expect(await stream.take(5)).toMatchObject([{ event: 'end', data: { status: 'success' } }])
  })

  it.each(['x', '-1', '1.5', '1-', '0-1', '1-2-3', '9'.repeat(30)])(
    'refuses the Last-Event-ID %s',
    async (id) => {
      const headers = { ...AUTHORIZED, accept: 'text/event-stream', 'last-event-id': id }
      const response = await fixture.app.inject({ url: path, headers })
      expect(response.json()).toMatchObject({ status: 400, code: 'SP_HTTP_INVALID' })
    },
  )

  it('tells of a new attempt and starts it from its line 1', async () => {
    await fixture.print(log, 'one\n', 'two\n')
    const stream = await open()
    expect(await stream.take(2)).toHaveLength(2)
    const second = await fixture.nextAttempt(log)
    await fixture.print(second, 'uno\n')
    expect(await stream.take(2)).toEqual([
      { id: '2', event: 'restart', data: { attempt: 2 } },
      line(1, 'uno\n', '2-1'),
    ])
    await fixture.endStep(second, 'success', 0)
    expect(await stream.take(1)).toMatchObject([{ event: 'end', data: { attempt: 2 } }])
  })

  it('that is resumed across attempts restarts; within the new one it resumes', async () => {
    await fixture.print(log, 'one\n', 'two\n')
    const second = await fixture.nextAttempt(log)
    await fixture.print(second, 'uno\n', 'due\n')
    const across = await open({ 'last-event-id': '2' })
    expect(await across.take(2)).toMatchObject([{ event: 'restart' }, { id: '2-1' }])
    const within = await open({ 'last-event-id': '2-1' })
    expect(await within.take(1)).toEqual([line(2, 'due\n', '2-2')])
  })

  it('of an older attempt ends with the reason why there is no result', async () => {
    await fixture.print(log, 'one\n')
    await fixture.nextAttempt(log)
    const stream = await open({}, '?attempt=1')
    const [first, end] = await stream.take(3)
    expect(first).toEqual(line(1, 'one\n'))
    expect(end).toMatchObject({ event: 'end', data: { status: 'error', attempt: 1 } })
  })

  it('of a repo that is removed ends', async () => {
    await fixture.print(log, 'one\n')
    const stream = await open()
    await stream.take(1)
    await fixture.services.repos.remove('o', `n${repoCount}`)
    expect(await stream.take(2)).toMatchObject([
      { event: 'end', data: { error: 'the build was removed' } },
    ])
  })

  it('beats while nothing is printed', async () => {
    const stream = await open()
    await stream.comment('heartbeat')
    await stream.comment('heartbeat')
  })

  it('can’t be split by what a step prints', async () => {
    const evil = 'a\r\n\r\nevent: end\r\ndata: {"status":"success"}\r\n\r\n\u2028id: 9\n'
    await fixture.print(log, evil)
    const stream = await open()
    expect(await stream.take(1)).toEqual([line(1, evil)])
  })

  it('lets go of the log at once when its viewer leaves', async () => {
    // Nothing but the viewer's leaving can wake the server here.
    const never = 3_600_000
    const other = await HttpFixture.open({ timing: { heartbeatMs: never, recheckMs: never } })
    await other.addRepo('o', 'n', 'hook secret')
    const ref = await other.runningStep('o', 'n')
    await other.print(ref, 'one\n')
    const url = `${await other.listen()}/api/repos/o/n/builds/1/logs/1/1`
    const headers = { ...AUTHORIZED, accept: 'text/event-stream' }
    const viewers = await Promise.all(
      Array.from({ length: 20 }, () => EventStream.open(url, headers)),
    )
    for (const viewer of viewers) expect(await viewer.take(1)).toHaveLength(1)
    expect(other.watcher.size).toBe(1)
    for (const viewer of viewers) viewer.close()
    await other.until(() => other.watcher.size === 0)
    await other.close()
  })

  it('ends, and holds nobody up, when the server closes', async () => {
    const other = await HttpFixture.open()
    await other.addRepo('o', 'n', 'hook secret')
    const ref = await other.runningStep('o', 'n')
    await other.print(ref, 'one\n')
    const url = `${await other.listen()}/api/repos/o/n/builds/1/logs/1/1`
    const stream = await EventStream.open(url, { ...AUTHORIZED, accept: 'text/event-stream' })
    expect(await stream.take(1)).toHaveLength(1)
    await other.close()
    expect(await stream.take(1)).toEqual([])
    expect(other.watcher.size).toBe(0)
  })

  it('reads no further than its viewer does', async () => {
    const megabyte = 'x'.repeat(16_000)
    for (let i = 0; i < 40; i += 1) {
      await fixture.print(log, ...Array.from({ length: 50 }, () => megabyte))
    }
    const store = fixture.services.logs.store
    const size = await store.size(log)
    const reads: number[] = []
    const counted = store.read.bind(store)
    store.read = async function* (ref, from, to) {
      for await (const chunk of counted(ref, from, to)) {
        reads.push(chunk.length)
        yield chunk
      }
    }
    const stream = await open()
    stream.pause()
    const total = () => reads.reduce((sum, bytes) => sum + bytes, 0)
    await fixture.untilSteady(total)
    expect(total()).toBeGreaterThan(0)
    expect(total()).toBeLessThan(size)
    stream.resume()
    await fixture.endStep(log, 'success', 0)
    expect((await stream.take(2001)).at(-1)).toMatchObject({ event: 'end' })
  })
})
