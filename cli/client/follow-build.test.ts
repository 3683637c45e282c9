import { afterEach, beforeEach, describe, expect, it } from '@jest/globals'
import { createServer, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { Status } from '../../protocol/status.js'
import type { BuildView } from '../terminal/view.js'
import { followBuild } from './follow-build.js'

const REPO = { owner: 'octo', name: 'hello' }
let server: Server
let url: string
let shown: string[]
/** Answers to the questions after the build, one by one; the last one again and again. */
let builds: object[]
let answerLog: (response: ServerResponse) => void

beforeEach(async () => {
  shown = []
  server = createServer((request, response) => {
    if (request.url?.includes('/logs/')) {
      response.writeHead(200, { 'content-type': 'text/event-stream' })
      response.flushHeaders()
      answerLog(response)
      return
    }
    response.end(JSON.stringify(builds.length > 1 ? builds.shift() : builds[0]))
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
})

afterEach(() => {
  server.closeAllConnections()
  server.close()
})

const view: BuildView = {
  add: ({ name }) => void shown.push(`add ${name}`),
  started: (id) => void shown.push(`started ${id}`),
  output: (id, text) => void shown.push(`${id} ${text}`),
  finished: (id, { status }) => void shown.push(`finished ${id} ${status}`),
  note: (text) => void shown.push(text),
  close: () => undefined,
}

function build(status: Status, step: Status, attempt = 1): object {
  const times = { started_ms: step === 'pending' ? 0 : 5, stopped_ms: step === 'success' ? 9 : 0 }
  const steps = [{ number: 1, name: 'unit', status: step, error: '', exit_code: 0, ...times }]
  const stages = [{ number: 1, name: 'main', status, error: '', attempt, ...times, steps }]
  return { number: 1, status, error: '', stages }
}

function follow(signal: AbortSignal, triesMax?: number) {
  const address = { url, token: 'secret' }
  return followBuild({
    ...{ server: address, repo: REPO, number: 1, view, signal, follow: true },
    ...(triesMax === undefined ? {} : { triesMax }),
  })
}

const line = (text: string): string => `id: 1\ndata: ${JSON.stringify({ out: text })}\n\n`
const END = 'event: end\ndata: {}\n\n'

describe('followBuild', () => {
  it('shows a step again, whose end it has shown, when a new attempt runs it', async () => {
    builds = [
      build('running', 'success'),
      build('pending', 'pending', 2),
      build('success', 'success', 2),
    ]
    let attempt = 0
    answerLog = (response) => response.end(`${line(`attempt ${++attempt}\n`)}${END}`)
    expect(await follow(AbortSignal.timeout(20_000))).toMatchObject({ status: 'success' })
    const once = (text: string) => ['started 1.1', `1.1 ${text}\n`, 'finished 1.1 success']
    expect(shown).toEqual([
      'add unit',
      ...once('attempt 1'),
      'main: the runner was lost; attempt 2 begins',
      ...once('attempt 2'),
    ])
  })

  it('tells why a build waits that goes on waiting, once, and what lets it run', async () => {
    const waiting = 'waits for approval: it comes from a fork'
    const blocked = { ...build('blocked', 'pending'), waiting }
    const short = { ...build('pending', 'pending'), waiting: 'no runner of linux/amd64' }
    builds = [short, ...Array.from({ length: 6 }, () => blocked), build('success', 'success')]
    answerLog = (response) => response.end(END)
    await follow(AbortSignal.timeout(20_000))
    expect(shown.filter((text) => text.includes('waits') || text.includes('runner'))).toEqual([
      `${waiting}; 'sandpiper build approve octo/hello 1' lets it run`,
    ])
  })

  it('ends with the reason of its signal while a log is open', async () => {
    builds = [build('running', 'running')]
    const interrupt = new AbortController()
    const reason = new Error('interrupted')
    answerLog = (response) => {
      response.write(line('hello\n'))
      interrupt.abort(reason)
    }
    await expect(follow(interrupt.signal)).rejects.toBe(reason)
  })

  it('ends with the address of a server that stays away', async () => {
    builds = [build('running', 'running')]
    answerLog = () => {
      server.closeAllConnections()
      server.close()
    }
    await expect(follow(AbortSignal.timeout(20_000), 3)).rejects.toMatchObject({
      ...{ code: 'SP_CLI_SERVER_LOST', exitCode: 3 },
      message: expect.stringContaining(url) as unknown,
    })
    expect(shown).toContain(`${url} does not answer; trying again`)
  })
})
