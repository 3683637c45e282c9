import { afterEach, beforeEach, describe, expect, it } from '@jest/globals'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises'
import { createServer, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import os from 'node:os'
import path from 'node:path'

/** The real program against a server of which only the answers matter. */
const program = path.resolve(__dirname, '../bin/sandpiper')
const BUILD = '/api/repos/octo/hello/builds'
let dir: string
let server: Server
let url: string
/** What is sent for `METHOD PATH`; anything else is a 401. */
let answers: Record<string, unknown>
let asked: string[]
/** The body of the last request. */
let sent: string
let onLog: (response: ServerResponse) => void

beforeEach(async () => {
  dir = await mkdtemp(path.join(os.tmpdir(), 'sp-test-client-'))
  answers = {}
  asked = []
  server = createServer((request, response) => {
    const what = `${request.method ?? ''} ${request.url ?? ''}`
    asked.push(what)
    sent = ''
    request.setEncoding('utf8').on('data', (text: string) => (sent += text))
    if (request.headers.accept === 'text/event-stream') {
      response.writeHead(200, { 'content-type': 'text/event-stream' })
      response.flushHeaders()
      onLog(response)
      return
    }
    const answer = answers[what]
    if (answer === undefined) response.writeHead(401)
    const body = typeof answer === 'string' ? answer : JSON.stringify(answer ?? {})
    request.on('end', () => response.end(body))
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
})

afterEach(async () => {
  server.closeAllConnections()
  server.close()
  await rm(dir, { recursive: true, force: true })
})

interface Ended {
  readonly code: number | null
  readonly stdout: string
  readonly stderr: string
}

async function sandpiper(
  args: readonly string[],
  onOutput: (kill: () => void) => void = () => undefined,
  env: Record<string, string> = {},
): Promise<Ended> {
  const child = spawn(process.execPath, [program, ...args], {
    cwd: dir,
    env: {
      ...{ PATH: process.env['PATH'] ?? '', HOME: dir, SANDPIPER_DATA: path.join(dir, 'data') },
      ...{ SANDPIPER_SERVER: url, SANDPIPER_TOKEN: 'x', ...env },
    },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  let stdout = ''
  let stderr = ''
  child.stdout.on('data', (data: Buffer) => {
    stdout += data.toString()
    onOutput(() => child.kill('SIGINT'))
  })
  child.stderr.on('data', (data: Buffer) => (stderr += data.toString()))
  const [code] = (await once(child, 'close')) as [number | null]
  return { code, stdout, stderr }
}

const STEP = { number: 1, name: 'unit', error: '', exit_code: 0, started_ms: 5, stopped_ms: 0 }
const STAGE = { number: 1, name: 'main', error: '', attempt: 1, started_ms: 5, stopped_ms: 0 }

function build(status: string, fields: object = {}): object {
  return {
    ...{ number: 1, status, error: '', event: 'push', ref: 'refs/heads/main', link: '' },
    ...{ after: 'a'.repeat(40), message: 'Say hello\n\nAt length.', author_name: 'Ada' },
    ...{ author_email: 'ada@example.org', created_ms: 0, started_ms: 0, finished_ms: 0 },
    stages: [{ ...STAGE, status, steps: [{ ...STEP, status }] }],
    ...fields,
  }
}

describe('build logs --follow', () => {
  it.each([
    ['the whole build', []],
    ['one step', ['main', 'unit']],
  ])('of %s ends in good order on an interrupt', async (_what, rest) => {
    answers[`GET ${BUILD}/1`] = build('running')
    onLog = (response) => response.write('id: 1\ndata: {"pos":0,"out":"hello\\n","time":0}\n\n')
    let output = 0
    const args = ['build', 'logs', 'octo/hello', '1', ...rest, '--follow']
    const ended = await sandpiper(args, (kill) => {
      if (output++ === 0) setImmediate(kill)
    })
    expect(ended.stderr).toBe('stopped following; the build goes on\n')
    expect(ended.code).toBe(130)
  })
})

describe('build logs --json', () => {
  it('gives the whole build as one document with the records of every step', async () => {
    answers[`GET ${BUILD}/latest`] = build('success')
    answers[`GET ${BUILD}/1/logs/1/1`] =
      '{"pos":0,"out":"a\\n","time":0}\n{"pos":1,"out":"b","time":1}\n'
    const { code, stdout } = await sandpiper(['build', 'logs', 'octo/hello', 'latest', '--json'])
    const steps = [{ name: 'unit', records: [{ out: 'a\n' }, { out: 'b' }] }]
    expect(JSON.parse(stdout)).toMatchObject({ number: 1, stages: [{ name: 'main', steps }] })
    expect(code).toBe(0)
  })

  it('does not go with --follow', async () => {
    const args = ['build', 'logs', 'octo/hello', '1', '--json', '--follow']
    expect((await sandpiper(args)).code).toBe(2)
  })
})

describe('a part of a log', () => {
  const LOG = ['build', 'logs', 'octo/hello', '1', 'main', 'unit']
  beforeEach(() => {
    answers[`GET ${BUILD}/1`] = build('success')
  })

  it('is its last lines with --tail', async () => {
    answers[`GET ${BUILD}/1/logs/1/1?tail=2`] = 'a\nb\n'
    expect(await sandpiper([...LOG, '--tail', '2'])).toMatchObject({ code: 0, stdout: 'a\nb\n' })
  })

  it('is what the step wrote to standard error with --stderr', async () => {
    answers[`GET ${BUILD}/1/logs/1/1/download?stream=stderr`] = 'oh\n'
    expect(await sandpiper([...LOG, '--stderr'])).toMatchObject({ code: 0, stdout: 'oh\n' })
    const search = `GET ${BUILD}/1/logs/1/1/search?q=oh&limit=500&cursor=1&stream=stderr`
    answers[search] = { matches: [{ line: 3, text: 'oh' }], next: null }
    const { stdout } = await sandpiper([...LOG, '--stderr', '--search', 'oh'])
    expect(stdout).toBe('3: oh\n')
  })

  it('is what has a text in it with --search, page by page, safe for a terminal', async () => {
    const search = `GET ${BUILD}/1/logs/1/1/search?q=a+b&limit=500&cursor=`
    answers[`${search}1`] = { matches: [{ line: 3, text: 'a b\x1b[2J\rx' }], next: '9' }
    answers[`${search}9`] = { matches: [{ line: 12, text: 'a b c' }], next: null }
    const { code, stdout } = await sandpiper([...LOG, '--search', 'a b'])
    expect([code, stdout.split('\n').at(-2)]).toEqual([0, '12: a b c'])
    expect(stdout).toMatch(/^3: a b/)
    expect(stdout).not.toContain('\u001b')
  })

  it.each([
    [['--tail', '0']],
    [['--tail', 'x']],
    [['--tail', '2', '--follow']],
    [['--search', 'x', '--follow']],
    [['--stderr', '--follow']],
    [['--stderr', '--tail', '2']],
    [['--stderr', '--json']],
  ])('can not be %j', async (rest) => {
    expect((await sandpiper([...LOG, ...rest])).code).toBe(2)
    expect((await sandpiper([...LOG.slice(0, 4), ...rest])).code).toBe(2)
  })
})

describe('build ls and show', () => {
  it('show no time for a build that never started', async () => {
    answers[`GET ${BUILD}`] = [build('killed', { finished_ms: 1_795_000_000_000 })]
    const { stdout } = await sandpiper(['build', 'ls', 'octo/hello'])
    expect(stdout).toMatch(/^#1 +killed +push +refs\/heads\/main +a{10} +Say hello$/m)
  })

  it('shows as many as asked for', async () => {
    answers[`GET ${BUILD}?limit=100`] = []
    const { code } = await sandpiper(['build', 'ls', 'octo/hello', '--limit', '100'])
    expect(code).toBe(0)
    for (const limit of ['0', '101', 'x']) {
      const refused = await sandpiper(['build', 'ls', 'octo/hello', '--limit', limit])
      expect(refused).toMatchObject({ code: 2 })
      expect(refused.stderr).toContain('from 1 to 100')
    }
  })

  it('show `latest` with creation time, author and the first line of the message', async () => {
    answers[`GET ${BUILD}/latest`] = build('success', { author_name: 'A\x1b[2Jda' })
    const env = { FORCE_COLOR: '1' }
    const args = ['build', 'show', 'octo/hello', 'latest']
    const { code, stdout } = await sandpiper(args, undefined, env)
    expect(stdout).toContain('message  Say hello\nauthor   Ada <ada@example.org>\n')
    expect(stdout).toContain('created  1970-01-01 00:00:00 UTC\n')
    expect(stdout).not.toContain('At length')
    expect(code).toBe(0)
  })
})

describe('build cancel', () => {
  it('does not say that it cancelled what had ended', async () => {
    answers[`GET ${BUILD}/1`] = build('success')
    const { code, stdout } = await sandpiper(['build', 'cancel', 'octo/hello', '1'])
    expect(stdout).toBe('octo/hello #1 has ended already (success): nothing to cancel\n')
    expect(asked).toEqual([`GET ${BUILD}/1`])
    expect(code).toBe(0)
    const json = await sandpiper(['build', 'cancel', 'octo/hello', '1', '--json'])
    expect(JSON.parse(json.stdout)).toMatchObject({ status: 'success' })
  })

  it.each([
    ['killed', 'cancelled octo/hello #1\n'],
    ['success', 'octo/hello #1 has ended already (success): nothing to cancel\n'],
  ])('tells a build that became %s meanwhile', async (status, said) => {
    answers[`GET ${BUILD}/1`] = build('pending')
    answers[`DELETE ${BUILD}/1`] = build(status)
    expect((await sandpiper(['build', 'cancel', 'octo/hello', '1'])).stdout).toBe(said)
  })
})

describe('the server and its token', () => {
  it.each([
    ['SANDPIPER_TOKEN', []],
    ['--token', ['--token', 'y']],
  ])('are named when the token from %s is wrong', async (source, flags) => {
    const { code, stderr } = await sandpiper(['repo', 'ls', ...flags])
    expect(stderr).toContain(`error: ${url} does not accept the token from ${source}\nhint: `)
    expect(code).toBe(3)
  })
})

describe('repo add', () => {
  it('has each address on its own line, and warns of a repository that is not there', async () => {
    const hooks = { git: 'http://ci/hooks/git', github: 'http://ci/hooks/github' }
    answers['POST /api/repos'] = { hook_secret: 'hunter2', hooks }
    const absent = path.join(dir, 'absent.git')
    const args = ['repo', 'add', 'octo/hello', '--clone-url']
    const { code, stdout, stderr } = await sandpiper([...args, absent])
    expect(stdout).toMatch(/^.* http:\/\/ci\/hooks\/github$/m)
    expect(stdout).toMatch(/^.* http:\/\/ci\/hooks\/git$/m)
    expect(stderr).toContain(`warning: there is no ${absent} on this machine\nhint: `)
    expect(code).toBe(0)
    expect((await sandpiper([...args, dir])).stderr).toBe('')
  })
})

describe('a repo with a forge', () => {
  const hook = { set: true, reason: '' }
  const failed = { set: false, reason: 'The token may not. Or set the webhook by hand.' }

  it('is added, and told whether its webhook is set', async () => {
    const args = ['repo', 'add', 'octo/hello', '--clone-url', dir]
    answers['POST /api/repos'] = { hook_secret: 'hunter2', hooks: {}, forge: 'gitea', hook }
    const { stdout, stderr } = await sandpiper(args)
    expect([stdout.split('\n').at(-2), stderr]).toEqual([
      'webhook:                   set at its forge',
      '',
    ])
    answers['POST /api/repos'] = { hook_secret: 'hunter2', hooks: {}, forge: 'gitea', hook: failed }
    const warned = await sandpiper(args)
    expect(warned).toMatchObject({ code: 0, stderr: `warning: webhook: ${failed.reason}\n` })
  })

  it.each([
    ['enable', 'POST', 'enabled', hook, 'set at its forge'],
    ['disable', 'DELETE', 'disabled', { ...hook, set: false }, 'not set at its forge'],
  ])('%s', async (command, method, done, outcome, told) => {
    answers[`${method} /api/repos/octo/hello`] = { slug: 'octo/hello', hook: outcome }
    expect(await sandpiper(['repo', command, 'octo/hello'])).toEqual({
      ...{ code: 0, stderr: '' },
      stdout: `${done} octo/hello\nwebhook:                   ${told}\n`,
    })
  })
})

describe('repo set', () => {
  it('sends what each setting is: numbers, lists, switches, and secrets from files', async () => {
    answers['PATCH /api/repos/octo/hello'] = { slug: 'octo/hello' }
    await writeFile(path.join(dir, 'token'), 'hunter2\n')
    const settings = [
      'timeout=90',
      'keep_days=-1',
      'protected=true',
      'link=',
      'network_allow=a, b',
      'forge_token=@token',
    ]
    const { code, stdout } = await sandpiper(['repo', 'set', 'octo/hello', ...settings])
    expect([code, stdout]).toEqual([0, 'changed octo/hello\n'])
    expect(JSON.parse(sent)).toEqual({
      timeout: 90,
      keep_days: -1,
      protected: true,
      link: '',
      network_allow: ['a', 'b'],
      forge_token: 'hunter2',
    })
  })
})

describe('help', () => {
  it('of a group is no error, and is what a missing command hints at', async () => {
    const help = await sandpiper(['help', 'build'])
    expect(help).toMatchObject({ code: 0, stderr: '' })
    expect(help.stdout).toContain('Usage: sandpiper build')
    const { code, stderr } = await sandpiper(['build'])
    expect(stderr).toBe(
      'error: a command is missing\nhint: `sandpiper build --help` lists the commands\n',
    )
    expect(code).toBe(2)
  })

  it('documents the exit code of an interrupt', async () => {
    expect((await sandpiper(['--help'])).stdout).toContain('130 interrupted')
  })
})

describe('image', () => {
  it('lists nothing, and makes nothing, where no image was imported', async () => {
    expect(await sandpiper(['image', 'ls', '--json'])).toMatchObject({ code: 0, stdout: '[]\n' })
    const removed = await sandpiper(['image', 'rm', 'busybox', '--json'])
    expect(JSON.parse(removed.stderr)).toMatchObject({ error: { code: 'SP_IMAGE_UNKNOWN' } })
    expect(removed.code).toBe(2)
    expect(await readdir(dir)).toEqual([])
  })

  it.each([
    [['x', '--tar', 'none.tar'], /none\.tar: ENOENT\nhint: /],
    [['x', '--dir', 'none'], /\/none: ENOENT\nhint: /],
    [['x', '--tar', '.'], /no regular file\nhint: .*--dir/],
    [['Not A Name', '--busybox'], /"Not A Name" is no image name/],
  ])('import %j ends with exit code 2', async (args, message) => {
    const { code, stderr } = await sandpiper(['image', 'import', ...args])
    expect(stderr).toMatch(message)
    expect(code).toBe(2)
    expect(await readdir(dir)).toEqual([])
  })

  const asRoot = process.geteuid?.() === 0 ? it : it.skip
  asRoot('import names the file that is no archive', async () => {
    const file = path.join(dir, 'text.tar')
    await writeFile(file, 'no tar at all\n'.repeat(100))
    const { code, stderr } = await sandpiper(['image', 'import', 'x', '--tar', 'text.tar'])
    expect(stderr).toContain(`error: ${file}: it is no tar archive`)
    expect(code).toBe(2)
  })
})

describe('token', () => {
  it('create prints the token alone, with the scope and the time that were asked for', async () => {
    answers['POST /api/user/tokens'] = { id: 3, name: 'laptop', token: 'spt_1' }
    const ended = await sandpiper([
      'token',
      'create',
      'laptop',
      '--scope',
      'write',
      '--expires',
      '1d',
    ])
    expect(ended).toEqual({ code: 0, stdout: 'spt_1\n', stderr: '' })
  })

  it('ls shows each, and revoke says which', async () => {
    const token = { id: 3, name: 'laptop', scope: 'read', expires: 86_400, last_used: 0 }
    answers['GET /api/user/tokens'] = [token]
    answers['DELETE /api/user/tokens/3'] = ''
    expect((await sandpiper(['token', 'ls'])).stdout).toMatch(/3 +laptop +read +1970-01-02 +never/)
    expect((await sandpiper(['token', 'revoke', '3'])).stdout).toBe('revoked token 3\n')
  })
})
