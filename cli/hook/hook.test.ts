import { afterEach, beforeEach, describe, expect, it } from '@jest/globals'
import { execFileSync } from 'node:child_process'
import {
  chmod,
  mkdir,
  mkdtemp,
  readdir,
  readFile,
  rm,
  stat,
  symlink,
  writeFile,
} from 'node:fs/promises'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import os from 'node:os'
import path from 'node:path'
import {
  GIT_HOOK_SIGNATURE_HEADER,
  signBody,
  type GitHookPayload,
} from '../../protocol/git-hook.js'
import { readHookConfig } from './config.js'
import { parseRefUpdates } from './git-facts.js'
import { installHook, type InstalledHook } from './install.js'
import { actAs } from './owner.js'
import { sendRefUpdate } from './send.js'

const ENV = {
  PATH: process.env['PATH'],
  GIT_CONFIG_GLOBAL: '/dev/null',
  GIT_CONFIG_NOSYSTEM: '1',
  GIT_AUTHOR_NAME: 'Ada',
  GIT_AUTHOR_EMAIL: 'ada@example.org',
  GIT_COMMITTER_NAME: 'Ada',
  GIT_COMMITTER_EMAIL: 'ada@example.org',
}
const NULL_ID = '0'.repeat(40)
let dir: string
let bare: string

beforeEach(async () => {
  dir = await mkdtemp(path.join(os.tmpdir(), 'sp-test-hook-'))
  bare = path.join(dir, "it's a repo.git")
  git('init', '-q', '--bare', '-b', 'main', bare)
})

afterEach(() => rm(dir, { recursive: true, force: true }))

function git(...args: string[]): string {
  return execFileSync('git', args, { cwd: dir, env: ENV, encoding: 'utf8', stdio: 'pipe' })
}

function install(
  options: { force?: boolean; repository?: string; program?: string } = {},
): Promise<InstalledHook> {
  return installHook({
    repository: options.repository ?? bare,
    config: { server: 'http://127.0.0.1:1', repo: 'octo/hello', secret: 'hunter2' },
    node: process.execPath,
    program: options.program ?? '/opt/sandpiper/bin/sandpiper',
    force: options.force ?? false,
  })
}

const asRoot = process.geteuid?.() === 0 ? describe : describe.skip

asRoot("installing the hook as root in another user's repository", () => {
  const [uid, gid] = [61_001, 61_002]

  beforeEach(async () => {
    // The owner has to get there.
    await chmod(dir, 0o755)
    await mkdir(path.join(bare, 'hooks'), { recursive: true })
    execFileSync('chown', ['-R', `${uid}:${gid}`, bare])
  })

  it('makes hook and config the files of the owner, and of nobody else', async () => {
    const installed = await install()
    expect(await stat(installed.config)).toMatchObject({ uid, gid, mode: 0o100600 })
    expect(await stat(installed.hook)).toMatchObject({ uid, gid, mode: 0o100755 })
    expect([process.geteuid?.(), process.getegid?.()]).toEqual([0, 0])
  })

  it('lets the group of a shared repository read the config', async () => {
    git('config', '--file', path.join(bare, 'config'), 'core.sharedRepository', 'group')
    expect(await stat((await install()).config)).toMatchObject({ uid, gid, mode: 0o100640 })
  })

  it("writes nothing where the owner could not, through the owner's link", async () => {
    const elsewhere = path.join(dir, 'elsewhere')
    await mkdir(elsewhere)
    await rm(path.join(bare, 'hooks'), { recursive: true })
    await symlink(elsewhere, path.join(bare, 'hooks'))
    await expect(install()).rejects.toMatchObject({ code: 'SP_CLI_HOOK_OWNER', exitCode: 3 })
    expect(await readdir(elsewhere)).toEqual([])
  })

  it('names the owner to a user who can not read the config', async () => {
    const { config } = await install()
    const stranger = { uid: 61_003, gid: 61_003, name: 'stranger' }
    await expect(actAs(stranger, () => readHookConfig(config))).rejects.toMatchObject({
      code: 'SP_CLI_HOOK_CONFIG',
      hint: expect.stringContaining(`push as uid ${uid}`) as unknown,
    })
  })

  it('refuses a user whose files the owner could not read', async () => {
    await chmod(bare, 0o777)
    const stranger = { uid: 61_003, gid: 61_003, name: 'stranger' }
    await expect(actAs(stranger, () => install())).rejects.toMatchObject({
      code: 'SP_CLI_HOOK_OWNER',
      hint: expect.stringContaining(`run it as uid ${uid}`) as unknown,
    })
  })
})

describe('installing the hook', () => {
  it('keeps the secret in a file that only its owner reads, and out of the script', async () => {
    const installed = await install()
    expect((await stat(installed.config)).mode & 0o777).toBe(0o600)
    expect((await stat(installed.hook)).mode & 0o777).toBe(0o755)
    expect(await readFile(installed.hook, 'utf8')).not.toContain('hunter2')
    expect(await readHookConfig(installed.config)).toMatchObject({
      secret: 'hunter2',
      repo: 'octo/hello',
    })
  })

  it('can be done again, and in the .git of a working tree', async () => {
    await install()
    await install()
    git('clone', '-q', bare, 'tree')
    const installed = await install({ repository: path.join(dir, 'tree') })
    expect(installed.hook).toBe(path.join(dir, 'tree/.git/hooks/post-receive'))
  })

  it('refuses what is no repository', async () => {
    const attempt = install({ repository: dir })
    await expect(attempt).rejects.toMatchObject({ code: 'SP_CLI_USAGE', exitCode: 2 })
  })

  it('leaves a foreign hook alone, and with force runs it first, with the same refs', async () => {
    const hook = path.join(bare, 'hooks/post-receive')
    const seen = path.join(dir, 'seen')
    await mkdir(path.join(bare, 'hooks'), { recursive: true })
    await writeFile(hook, `#!/bin/sh\ncat > '${seen}'\n`, { mode: 0o755 })
    await expect(install()).rejects.toMatchObject({ code: 'SP_CLI_HOOK_EXISTS' })
    // In place of the program: a script that keeps what it is given.
    const ours = path.join(dir, 'ours')
    const program = path.join(dir, 'program.cjs')
    await writeFile(
      program,
      `require('fs').writeFileSync(${JSON.stringify(ours)}, process.argv.slice(2).join(' ') + '\\n' + require('fs').readFileSync(0))`,
    )
    const installed = await install({ force: true, program })
    await install({ force: true, program })
    const commit = push()
    const refs = `${NULL_ID} ${commit} refs/heads/main\n`
    expect(await readFile(seen, 'utf8')).toBe(refs)
    expect(await readFile(ours, 'utf8')).toBe(`hook send --config ${installed.config}\n${refs}`)
    expect(installed.previous).toBe(`${hook}.previous`)
  })
})

/** Commits and pushes. @returns the commit */
function push(message = 'Say hello'): string {
  git('clone', '-q', bare, 'work')
  git('-C', 'work', 'commit', '-q', '--allow-empty', '-m', message)
  git('-C', 'work', 'push', '-q', 'origin', 'HEAD:main')
  return git('-C', 'work', 'rev-parse', 'HEAD').trim()
}

interface Received {
  readonly body: string
  readonly signature: unknown
}

describe('sending the hook', () => {
  let server: Server
  let received: Received[]
  let answers: { status: number; body: unknown }[]
  let url: string

  beforeEach(async () => {
    received = []
    answers = []
    server = createServer((request, response) => {
      let body = ''
      request.on('data', (chunk: Buffer) => (body += chunk.toString()))
      request.on('end', () => {
        received.push({ body, signature: request.headers[GIT_HOOK_SIGNATURE_HEADER] })
        const answer = answers.shift() ?? { status: 202, body: { number: 3, link: 'http://ci/3' } }
        response.writeHead(answer.status).end(JSON.stringify(answer.body))
      })
    })
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  })

  afterEach(() => {
    server.closeAllConnections()
    server.close()
  })

  const send = (after: string, ref = 'refs/heads/main') =>
    sendRefUpdate(
      { before: NULL_ID, after, ref },
      {
        config: { server: url, repo: 'octo/hello', secret: 'hunter2' },
        ...{ gitDir: bare, pusher: 'ada', now: 1234, retryDelaysMs: [1, 1], program: '/opt/sp' },
      },
    )

  it('signs the facts of the commit', async () => {
    const commit = push('Say hello\n\nÜnïcode and "quotes".')
    const result = await send(commit)
    expect(result).toMatchObject({
      ...{ ok: true, build: { number: 3 }, advice: ['http://ci/3'] },
      text: 'build #3 of octo/hello; follow it: sandpiper build logs octo/hello 3 --follow',
    })
    const [first] = received
    expect(first?.signature).toBe(signBody('hunter2', first?.body ?? ''))
    expect(JSON.parse(first?.body ?? '')).toMatchObject({
      ...{ repo: 'octo/hello', ref: 'refs/heads/main', before: NULL_ID, after: commit, time: 1234 },
      message: 'Say hello\n\nÜnïcode and "quotes".',
      author: { name: 'Ada', email: 'ada@example.org' },
      pusher: 'ada',
      committed: expect.any(Number) as unknown,
    })
  })

  it('names the commit of an annotated tag', async () => {
    const commit = push()
    git('-C', 'work', 'tag', '-a', 'v1', '-m', 'First')
    git('-C', 'work', 'push', '-q', 'origin', 'v1')
    await send(git('-C', 'work', 'rev-parse', 'v1').trim(), 'refs/tags/v1')
    expect((JSON.parse(received[0]?.body ?? '') as GitHookPayload).after).toBe(commit)
  })

  it('tries again with the same delivery while the server is in trouble', async () => {
    answers = [{ status: 503, body: {} }]
    expect((await send(push())).ok).toBe(true)
    expect(received).toHaveLength(2)
    expect(received[0]?.body).toBe(received[1]?.body)
  })

  it('does not try again what was refused, and says why', async () => {
    answers = [{ status: 401, body: { detail: 'wrong signature' } }]
    const result = await send(push())
    expect(result).toMatchObject({
      ok: false,
      text: `no build was made: ${url} refused (401): wrong signature`,
    })
    expect(received).toHaveLength(1)
  })

  it('tells of a deleted ref without looking for a commit', async () => {
    answers = [{ status: 200, body: { reason: 'the branch was deleted' } }]
    const result = await send(NULL_ID)
    expect(result).toMatchObject({
      ok: true,
      build: null,
      text: 'no build: the branch was deleted',
    })
  })

  it('says that there is no build and how to send the push again when nobody answers', async () => {
    server.close()
    const result = await send(NULL_ID)
    expect(result).toMatchObject({
      ok: false,
      text: expect.stringMatching(
        /^no build was made of refs\/heads\/main: http:.* was not reached: .*ECONNREFUSED/,
      ) as unknown,
    })
    const [first, command = ''] = result.advice
    expect(first).toContain('git commit --allow-empty')
    // The command is run as it stands, with `cat` for the program and its arguments.
    const said = execFileSync('sh', ['-c', command.replace("'/opt/sp'", 'sh -c cat --')])
    expect(said.toString()).toBe(`${NULL_ID} ${NULL_ID} refs/heads/main\n`)
    expect(command).toContain("hook send --config '")
  })

  it('does not claim that there is no build when the answer was lost', async () => {
    const cut = createServer((_request, response) => response.destroy())
    await new Promise<void>((resolve) => cut.listen(0, '127.0.0.1', resolve))
    url = `http://127.0.0.1:${(cut.address() as AddressInfo).port}`
    expect((await send(NULL_ID)).text).toMatch(/^perhaps no build was made/)
    cut.close()
  })
})

describe('parseRefUpdates', () => {
  it('takes only lines that git would write', () => {
    const id = 'a'.repeat(40)
    const good = `${NULL_ID} ${id} refs/heads/x\n`
    expect(
      parseRefUpdates(`${good}nonsense\n--option ${id} refs/heads/y\n${id} ${id} HEAD\n`),
    ).toEqual([{ before: NULL_ID, after: id, ref: 'refs/heads/x' }])
  })
})
