import { afterEach, describe, expect, it } from '@jest/globals'
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { followLog } from './follow-log.js'

const LOG = { repo: { owner: 'octo', name: 'hello' }, build: 1, stage: 1, step: 2 }
let server: Server | undefined

afterEach(() => {
  server?.closeAllConnections()
  server?.close()
})

type Answer = (request: IncomingMessage, response: ServerResponse) => void

/** A server that gives each request the next answer; the last one again and again. */
async function serve(
  answers: readonly Answer[],
): Promise<{ url: string; requests: IncomingMessage[] }> {
  const requests: IncomingMessage[] = []
  server = createServer((request, response) => {
    requests.push(request)
    answers[Math.min(requests.length, answers.length) - 1]?.(request, response)
  })
  await new Promise<void>((resolve) => server?.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  return { url: `http://127.0.0.1:${port}`, requests }
}

function events(response: ServerResponse, lines: readonly number[]): void {
  response.writeHead(200, { 'content-type': 'text/event-stream' })
  for (const line of lines) {
    const record = { pos: line - 1, out: `line ${line}\n`, time: 0 }
    response.write(`id: ${line}\ndata: ${JSON.stringify(record)}\n\n`)
  }
}

async function follow(url: string, triesMax?: number): Promise<string> {
  let text = ''
  await followLog({ url, token: 'secret' }, LOG, {
    signal: AbortSignal.timeout(20_000),
    onText: (more) => (text += more),
    ...(triesMax === undefined ? {} : { triesMax }),
  })
  return text
}

describe('followLog', () => {
  it('goes on after the last line it saw when the connection drops', async () => {
    const { url, requests } = await serve([
      (_request, response) => {
        events(response, [1, 2])
        response.write('id: 3\ndata: {"pos":2,"out":"cut')
        setImmediate(() => response.destroy())
      },
      (_request, response) => response.writeHead(503).end(),
      (_request, response) => {
        events(response, [3])
        response.end('event: end\ndata: {}\n\n')
      },
    ])
    expect(await follow(url)).toBe('line 1\nline 2\nline 3\n')
    expect(requests.map(({ headers }) => headers['last-event-id'])).toEqual([undefined, '2', '2'])
    expect(requests[0]?.headers.authorization).toBe('Bearer secret')
    expect(requests[0]?.url).toBe('/api/repos/octo/hello/builds/1/logs/1/2')
  })

  it('does not ask again after a refusal', async () => {
    const { url, requests } = await serve([
      (_request, response) => {
        response.writeHead(404, { 'content-type': 'application/problem+json' })
        response.end(
          JSON.stringify({ code: 'SP_LOG_UNKNOWN', detail: 'no such step', hint: 'look' }),
        )
      },
    ])
    await expect(follow(url)).rejects.toMatchObject({
      ...{ code: 'SP_LOG_UNKNOWN', message: 'no such step', hint: 'look', exitCode: 2 },
    })
    expect(requests).toHaveLength(1)
  })

  it('gives up on a server that stays away', async () => {
    const { url } = await serve([(_request, response) => response.destroy()])
    await expect(follow(url, 3)).rejects.toMatchObject({
      ...{ code: 'SP_CLI_SERVER_LOST', exitCode: 3 },
      message: expect.stringContaining(url) as unknown,
    })
  })

  it('gives up on a server that answers with nothing again and again', async () => {
    const { url, requests } = await serve([
      (_request, response) => {
        events(response, [])
        response.end()
      },
    ])
    await expect(follow(url, 3)).rejects.toMatchObject({ code: 'SP_CLI_SERVER_LOST' })
    expect(requests).toHaveLength(3)
  })

  it('says where a new attempt begins, on a line of its own', async () => {
    const { url } = await serve([
      (_request, response) => {
        events(response, [])
        response.write('id: 1\ndata: {"pos":0,"out":"half a line","time":0}\n\n')
        response.write('event: restart\ndata: {"attempt":2}\n\n')
        response.write('id: 2-1\ndata: {"pos":0,"out":"anew\\n","time":0}\n\n')
        response.end('event: end\ndata: {}\n\n')
      },
    ])
    expect(await follow(url)).toBe(
      'half a line\n[sandpiper: the runner was lost; attempt 2 begins]\nanew\n',
    )
  })

  it('carries the token to no other address', async () => {
    const { url, requests } = await serve([
      (_request, response) => response.writeHead(302, { location: '/elsewhere' }).end(),
    ])
    await expect(follow(url, 1)).rejects.toMatchObject({ code: 'SP_CLI_SERVER_LOST' })
    expect(requests).toHaveLength(1)
  })
})
