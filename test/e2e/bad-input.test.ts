import { afterAll, beforeAll, describe, expect, it } from '@jest/globals'
import { createHmac, randomUUID } from 'node:crypto'
import { once } from 'node:events'
import { readFile } from 'node:fs/promises'
import { request, type IncomingMessage } from 'node:http'
import path from 'node:path'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { execPipeline, makeProject, type Project } from '../support/project.js'
import { connect, startSandpiper, type Api, type SandpiperProcess } from '../support/sandpiper.js'
import { makeScratch } from '../support/scratch.js'

/** One server with a real repo; every test sends it something bad and looks at the answer. */
let scratch: { dir: string; remove: () => Promise<void> }
let server: SandpiperProcess
let api: Api
let project: Project
let secret: string

beforeAll(async () => {
  scratch = await makeScratch()
  const data = path.join(scratch.dir, 'data')
  server = startSandpiper(['standalone', '--data', data, '--listen', '127.0.0.1:0'])
  api = await connect(data, server)
  project = await makeProject(api, scratch.dir, 'acme/app')
  secret = 'a secret of the second repo'
  const added = await api.request('POST', '/api/repos', {
    slug: 'acme/gone',
    clone_url: path.join(scratch.dir, 'nowhere.git'),
    secret,
  })
  expect(added.status).toBe(201)
}, 60_000)

afterAll(async () => {
  await server.end()
  await scratch.remove()
}, 60_000)

/** Pushes a pipeline file and waits for the build that it makes. */
async function build(file: string): Promise<{ status: string; error: string }> {
  await project.push({ '.pipeline.yml': file })
  const { number } = (await api.builds(project.slug))[0]!
  return api.ended(project.slug, number)
}

function payload(over: Readonly<Record<string, unknown>> = {}): string {
  return JSON.stringify({
    delivery: randomUUID(),
    repo: 'acme/gone',
    ref: 'refs/heads/main',
    before: '0'.repeat(40),
    after: 'a'.repeat(40),
    message: 'Change things',
    author: { name: 'Ada', email: 'ada@example.com' },
    pusher: 'ada',
    time: 1_700_000_000,
    ...over,
  })
}

async function deliver(body: string, signature = sign(body)): Promise<Response> {
  return fetch(`${api.url}/hooks/git?repo=acme/gone`, {
    method: 'POST',
    body,
    headers: { 'content-type': 'application/json', 'x-sandpiper-signature': signature },
  })
}

const sign = (body: string): string =>
  `sha256=${createHmac('sha256', secret).update(body).digest('hex')}`

describe('a bad pipeline file makes a build that failed with the place and the reason', () => {
  it('broken YAML', async () => {
    const { status, error } = await build('kind: pipeline\nsteps:\n  - name: [unclosed\n')
    expect(status).toBe('error')
    expect(error).toMatch(/\.pipeline\.yml:\d+:\d+: error SP_/)
  })

  it('an unknown key, with the key that was meant', async () => {
    const { status, error } = await build(
      'kind: pipeline\ntype: exec\nsteps:\n  - name: a\n    comands: [true]\n',
    )
    expect(status).toBe('error')
    expect(error).toMatch(/\.pipeline\.yml:5:5: error SP_/)
    expect(error).toContain('commands')
  })

  it('a cycle, with its path', async () => {
    const { status, error } = await build(
      'kind: pipeline\ntype: exec\nsteps:\n' +
        '  - {name: a, commands: [true], depends_on: [b]}\n' +
        '  - {name: b, commands: [true], depends_on: [a]}\n',
    )
    expect(status).toBe('error')
    expect(error).toMatch(/cycle/i)
  })

  it('and a good file after them builds', async () => {
    expect((await build(execPipeline({ ok: ['true'] }))).status).toBe('success')
  })
})

describe('a hook that is not as it should be', () => {
  it('unsigned: 401, and no build', async () => {
    const answer = await fetch(`${api.url}/hooks/git?repo=acme/gone`, {
      method: 'POST',
      body: payload(),
    })
    expect(answer.status).toBe(401)
    expect(await api.builds('acme/gone')).toEqual([])
  })

  it('signed with another secret: 401', async () => {
    const body = payload()
    const wrong = createHmac('sha256', 'wrong').update(body).digest('hex')
    expect((await deliver(body, `sha256=${wrong}`)).status).toBe(401)
  })

  it('for a repo that nobody added: 404', async () => {
    const answer = await fetch(`${api.url}/hooks/git?repo=acme/unknown`, {
      method: 'POST',
      body: payload(),
      headers: { 'x-sandpiper-signature': sign(payload()) },
    })
    expect(answer.status).toBe(404)
  })

  it('100 MB long: 413, and its bytes are not kept', async () => {
    const before = await residentBytes(server)
    expect(await sendHuge(100 * 1024 * 1024)).toBe(413)
    expect((await residentBytes(server)) - before).toBeLessThan(64 * 1024 * 1024)
  })

  it('of a repo whose clone URL leads nowhere: the build says so', async () => {
    expect((await deliver(payload())).status).toBe(202)
    const { status, error } = await api.ended('acme/gone', 1)
    expect(status).toBe('error')
    expect(error).toContain('nowhere.git')
  })

  it('of a commit that is not there: the build names the commit', async () => {
    const { hook_secret: own } = (await (
      await api.request('POST', '/api/repos', { slug: 'acme/empty', clone_url: project.bare })
    ).json()) as { hook_secret: string }
    const body = payload({ repo: 'acme/empty', after: 'b'.repeat(40) })
    const answer = await fetch(`${api.url}/hooks/git?repo=acme/empty`, {
      method: 'POST',
      body,
      headers: {
        'x-sandpiper-signature': `sha256=${createHmac('sha256', own).update(body).digest('hex')}`,
      },
    })
    expect(answer.status).toBe(202)
    const { status, error } = await api.ended('acme/empty', 1)
    expect(status).toBe('error')
    expect(error).toContain('b'.repeat(40))
  })

  it('replayed: the same build is answered and no second one made', async () => {
    const body = payload({ after: 'c'.repeat(40) })
    const first = (await (await deliver(body)).json()) as { number: number }
    const again = await deliver(body)
    expect(again.status).toBe(200)
    expect(await again.json()).toMatchObject({ duplicate: true, number: first.number })
    const made = (await api.builds('acme/gone')).filter(({ after }) => after === 'c'.repeat(40))
    expect(made).toHaveLength(1)
  })
})

/** Memory of the server's process, from proc(5). */
async function residentBytes({ child }: SandpiperProcess): Promise<number> {
  const status = await readFile(`/proc/${child.pid!}/status`, 'utf8')
  return Number(/^VmRSS:\s+(\d+) kB$/m.exec(status)![1]) * 1024
}

/** Sends a body of that length to a hook; returns the status of the answer. */
async function sendHuge(length: number): Promise<number> {
  const hook = request(`${api.url}/hooks/git?repo=acme/gone`, {
    method: 'POST',
    headers: {
      'content-length': String(length),
      'x-sandpiper-signature': `sha256=${'0'.repeat(64)}`,
    },
  })
  const answered = once(hook, 'response') as Promise<[IncomingMessage]>
  const chunk = Buffer.alloc(1024 * 1024)
  pipeline(Readable.from(repeat(chunk, length / chunk.length)), hook).catch(() => undefined)
  const [response] = await answered
  response.resume()
  return response.statusCode!
}

function* repeat(chunk: Buffer, times: number): Generator<Buffer> {
  for (let i = 0; i < times; i++) yield chunk
}
