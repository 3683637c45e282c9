import { afterAll, beforeAll, describe, expect, it } from '@jest/globals'
import { execFile } from 'node:child_process'
import { createHmac, randomUUID } from 'node:crypto'
import { mkdir, readFile } from 'node:fs/promises'
import path from 'node:path'
import { promisify } from 'node:util'
import { pino } from 'pino'
import { commandLines } from '../../git/testing/command-lines.js'
import { serveGitHttps, type TestServer } from '../../git/testing/servers.js'
import { startRunner, type RunningRunner } from '../../runner/compose.js'
import { makeCertificates, type TestCertificates } from '../../runner/testing/certificates.js'
import { startServer, type RunningServer } from '../../server/compose.js'
import { startForge, type TestForge } from '../../server/forges/testing/all.js'
import { TOKEN } from '../../server/forges/testing/world.js'
import { git, makeRepo, type TestRepo } from '../support/git.js'
import { makeScratch } from '../support/scratch.js'
import { waitFor } from '../support/wait.js'

/**
 * From the webhook that a forge sends to the status that it shows, of a private repo: server and runner are real, git is
 * served by `git http-backend`, the API by the strict stand-in.
 */
const SLUG = 'octo/admin'
const PUBLIC_URL = 'https://ci.example.org'
const SECRET = 'a secret that server and runner share'
const LOGIN = { username: 'oauth2', password: TOKEN }
const PIPELINE = `kind: pipeline
type: exec
name: only
steps:
  - name: look
    commands:
      - cat file .git/config
      - env
      - '! git fetch origin'
`

let scratch: { dir: string; remove: () => Promise<void> }
let files: TestCertificates
let gitServer: TestServer
let forge: TestForge
let server: RunningServer
let runner: RunningRunner | undefined
let repo: TestRepo
/** Command lines of all processes, each time that git was let in. */
const seen: string[] = []
const logged: string[] = []
/** What a checkout has to wait for. */
let held = Promise.resolve()

beforeAll(async () => {
  scratch = await makeScratch()
  const repos = path.join(scratch.dir, 'octo')
  await mkdir(repos)
  repo = await makeRepo(repos, 'admin')
  files = await makeCertificates(scratch.dir)
  const identity = { key: await readFile(files.keyFile), cert: await readFile(files.certFile) }
  gitServer = await serveGitHttps(scratch.dir, LOGIN, identity, () => {
    seen.push(...commandLines())
    return held
  })
  forge = await startForge('gitea')
  const logger = pino({ level: 'debug' }, { write: (line: string) => void logged.push(line) })
  server = await startServer(
    {
      dataDir: path.join(scratch.dir, 'server'),
      listen: { host: '127.0.0.1', port: 0 },
      publicUrl: PUBLIC_URL,
      redis: { private: true },
      runnerSecret: SECRET,
      forges: [
        { kind: 'gitea', url: gitUrl(), apiUrl: `${forge.standIn.url}/api/v1`, token: TOKEN },
      ],
    },
    {
      logger,
      gitEnvironment: { GIT_SSL_CAINFO: files.caFile },
      statusTiming: { pollMs: 20, gapMs: 0 },
    },
  )
}, 60_000)

afterAll(async () => {
  await runner?.abort()
  await server.close()
  await forge.close()
  await gitServer.close()
  await scratch.remove()
}, 60_000)

const gitUrl = () => `https://127.0.0.1:${gitServer.port}`

function start(): Promise<RunningRunner> {
  return startRunner({
    dataDir: path.join(scratch.dir, 'runner'),
    layersDir: path.join(scratch.dir, 'layers'),
    idsDir: path.join(scratch.dir, 'ids'),
    redisUrl: server.redisUrl,
    redisPrefix: server.redisPrefix,
    platform: { os: 'linux', arch: 'amd64' },
    machine: 'here',
    runnerSecret: SECRET,
    gitEnvironment: { GIT_SSL_CAINFO: files.caFile },
  })
}

async function api(method: string, url: string, body?: object): Promise<Response> {
  return fetch(`${server.address}/api${url}`, {
    method,
    headers: {
      authorization: `Bearer ${server.adminToken}`,
      ...(body === undefined ? {} : { 'content-type': 'application/json' }),
    },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  })
}

/** Sends what Gitea sends, to where it was told to, signed as it was told to. */
async function deliver(event: string, facts: object): Promise<Response> {
  const [hook] = forge.world.hooks
  const { url, secret } = (hook!.body as { config: { url: string; secret: string } }).config
  expect(url.startsWith(`${PUBLIC_URL}/hooks/gitea`)).toBe(true)
  const body = JSON.stringify({
    ...facts,
    repository: { id: 11, full_name: SLUG, html_url: `${gitUrl()}/${SLUG}` },
    sender: { login: 'jane' },
  })
  return fetch(url.replace(PUBLIC_URL, server.address), {
    method: 'POST',
    body,
    headers: {
      'content-type': 'application/json',
      'x-gitea-event': event,
      'x-gitea-delivery': randomUUID(),
      'x-gitea-signature': createHmac('sha256', secret).update(body).digest('hex'),
    },
  })
}

const descriptions = () => forge.world.statuses.map(({ description }) => description)

describe('a push to a private repo at a forge', () => {
  it('becomes a build whose statuses the forge shows from its beginning to its end', async () => {
    const added = await api('POST', '/repos', {
      ...{ slug: SLUG, clone_url: `${gitUrl()}/octo/admin.git` },
    })
    expect(await added.json()).toMatchObject({ forge: 'gitea', hook: { set: true, reason: '' } })
    const { sha: commit } = await repo.push({ '.pipeline.yml': PIPELINE, file: 'private\n' })
    forge.world.commit = commit
    const push = { ref: 'refs/heads/main', before: '0'.repeat(40), after: commit, commits: [] }
    expect((await deliver('push', push)).status).toBe(202)
    await waitFor('the first status', () => descriptions().length > 0)
    await waitFor('a stage', async () => ((await buildOf(1)).stages ?? []).length > 0)
    expect(descriptions().at(-1)).toBe('waits for a runner')

    let release = (): void => undefined
    held = new Promise((resolve) => (release = resolve))
    runner = await start()
    await waitFor('running', () => descriptions().includes('running'))
    release()
    await waitFor('success', () => forge.world.statuses.at(-1)?.state === 'success')
    expect(forge.world.statuses.map(({ state }) => state)).toEqual([
      ...forge.world.statuses.slice(1).map(() => 'pending'),
      'success',
    ])
    for (const status of forge.world.statuses) {
      expect(status).toMatchObject({
        ...{ repo: SLUG, commit, context: 'continuous-integration/sandpiper/push' },
        link: `${PUBLIC_URL}/${SLUG}/1`,
      })
    }
    expect(forge.standIn.refused).toEqual([])
  }, 60_000)

  it('gives a pull request of a fork no more than its source', async () => {
    const { sha } = await repo.push({ file: 'of a stranger\n' })
    await git(repo.work, 'push', '--quiet', 'origin', '+HEAD:refs/pull/7/head', '+HEAD~1:main')
    const side = (name: string, id: number, sha: string) => ({
      ...{ ref: 'main', sha, repo: { id, full_name: name } },
    })
    const pull_request = {
      ...{ title: 'Look', user: { login: 'mallory' } },
      ...{ head: side('mallory/admin', 12, sha), base: side(SLUG, 11, forge.world.commit) },
    }
    forge.world.commit = sha
    const pull = { action: 'opened', number: 7, pull_request }
    expect((await deliver('pull_request', pull)).status).toBe(202)
    await waitFor('its end', async () => {
      await api('POST', `/repos/${SLUG}/builds/2/approve`)
      return (await buildOf(2)).status === 'success'
    })
    expect(await logOf(2)).toContain('of a stranger')
  }, 60_000)

  it('is cloned with a token that no step, log, argument or file has', async () => {
    const log = (await logOf(1)) + (await logOf(2))
    expect(log).toContain('private')
    expect(log).toContain(`${gitUrl()}/octo/admin.git`)
    expect(seen.some((line) => line.includes('remote-https'))).toBe(true)
    const all = [log, ...seen, ...logged].join('\n')
    expect(all).not.toContain(TOKEN)
    expect(await filesWithToken()).toBe('')
  })
})

async function buildOf(number: number): Promise<{ status: string; stages?: readonly unknown[] }> {
  const answer = await api('GET', `/repos/${SLUG}/builds/${number}`)
  return (await answer.json()) as { status: string }
}

async function logOf(number: number): Promise<string> {
  return (await api('GET', `/repos/${SLUG}/builds/${number}/logs/1/2`)).text()
}

/** Plain, and as it goes over the wire. */
async function filesWithToken(): Promise<string> {
  const basic = Buffer.from(`${LOGIN.username}:${TOKEN}`).toString('base64')
  const args = ['-rlF', '--devices=skip', '-e', TOKEN, '-e', basic, scratch.dir]
  return promisify(execFile)('grep', args).then(
    ({ stdout }) => stdout,
    (error: unknown) => (error as { readonly stdout: string }).stdout,
  )
}
