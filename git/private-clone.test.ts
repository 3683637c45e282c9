import { afterEach, beforeEach, describe, expect, it } from '@jest/globals'
import { execFile } from 'node:child_process'
import { readFile } from 'node:fs/promises'
import { createServer } from 'node:https'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { inspect, promisify } from 'node:util'
import type { GitLogin } from '../protocol/job-secrets.js'
import { makeCertificates } from '../runner/testing/certificates.js'
import { createMirrors } from './mirrors.js'
import { commandLines } from './testing/command-lines.js'
import { makeRepo, makeTemporaryDirectory, removeDirectory, type TestRepo } from './testing/repo.js'
import { serveGitHttp, serveGitHttps } from './testing/servers.js'
import type { GitMirror, MirrorSource } from './types.js'

const run = promisify(execFile)
const MAIN = 'refs/heads/main'
const LOGIN: GitLogin = { username: 'x-access-token', password: 'ghs_a-token-of-the-forge' }

let directory = ''
let repo: TestRepo
let identity: { key: Buffer; cert: Buffer }
let caFile = ''
const cleanUp: (() => Promise<unknown>)[] = []
/** Command lines of all processes, each time that somebody was let in. */
let seen: string[] = []

beforeEach(async () => {
  directory = await makeTemporaryDirectory()
  repo = await makeRepo(directory)
  const files = await makeCertificates(directory)
  caFile = files.caFile
  identity = { key: await readFile(files.keyFile), cert: await readFile(files.certFile) }
  seen = []
})
afterEach(async () => {
  for (const work of cleanUp.splice(0)) await work()
  await removeDirectory(directory)
})

/** The private repo's address. */
async function serve(login = LOGIN): Promise<string> {
  const server = await serveGitHttps(directory, login, identity, () => {
    seen.push(...commandLines())
  })
  cleanUp.push(() => server.close())
  return `https://127.0.0.1:${server.port}/repo.git`
}

function open(source: Pick<MirrorSource, 'cloneUrl' | 'login'>): GitMirror {
  const mirrors = createMirrors(join(directory, 'mirrors'), {
    environment: { GIT_SSL_CAINFO: caFile },
  })
  cleanUp.push(() => mirrors.close())
  return mirrors.open({ id: 1, slug: 'ada/repo', allowFileTransport: false, ...source })
}

/** Files below the directory that have the password in them, plain or as it goes over the wire. */
async function filesWithPassword(): Promise<string> {
  const basic = Buffer.from(`${LOGIN.username}:${LOGIN.password}`).toString('base64')
  const args = ['-rlF', '-e', LOGIN.password, '-e', basic, directory]
  return run('grep', args).then(
    ({ stdout }) => stdout,
    () => '',
  )
}

describe('a private repo', () => {
  it('is cloned with a login that is in no argument, file or output', async () => {
    const commit = await repo.commit({ file: 'private' })
    const cloneUrl = await serve()
    const mirror = open({ cloneUrl, login: LOGIN })
    const output: string[] = []
    const onTrace = (line: string): void => void output.push(line)
    expect(await mirror.tipOf(MAIN)).toBe(commit)
    await mirror.fetchCommit(commit, MAIN, { onTrace })
    const target = join(directory, 'checkout')
    const onOutput = (text: string): void => void output.push(text)
    const how = { depth: 1, submodules: true, onOutput, onTrace }
    await mirror.checkout(target, { commit, ref: MAIN, ...how })
    expect(await readFile(join(target, 'file'), 'utf8')).toBe('private')
    expect(await readFile(join(target, '.git/config'), 'utf8')).toContain(cloneUrl)
    expect(seen.some((line) => line.includes('remote-https'))).toBe(true)
    expect(seen.filter((line) => line.includes(LOGIN.password))).toEqual([])
    expect(output.join('\n')).toContain('fetch')
    expect(output.join('\n')).not.toContain(LOGIN.password)
    expect(await filesWithPassword()).toBe('')
  })

  it('is not cloned without one, or with another, which the error does not tell', async () => {
    const commit = await repo.commit({ file: 'private' })
    const cloneUrl = await serve()
    for (const login of [null, { ...LOGIN, password: 'a-wrong-password' }]) {
      const failed = open({ cloneUrl, login }).fetchCommit(commit, MAIN)
      const error = await failed.catch((thrown: unknown) => thrown)
      expect(error).toMatchObject({ code: 'SP_GIT_UNREACHABLE' })
      expect(inspect(error, { depth: 9 })).not.toContain('a-wrong-password')
    }
    expect(seen).toEqual([])
  })

  it('gets no login over http, nor with a certificate that nobody checks', async () => {
    const commit = await repo.commit({ file: 'private' })
    const server = await serveGitHttp(directory, LOGIN.password, () => seen.push('let in'))
    cleanUp.push(() => server.close())
    const plain = `http://127.0.0.1:${server.port}/repo.git`
    const login = { ...LOGIN, username: 'ada' }
    await expect(open({ cloneUrl: plain, login }).fetchCommit(commit, MAIN)).rejects.toThrow()
    const unchecked = open({ cloneUrl: await serve(), login: LOGIN })
    const fetched = unchecked.fetchCommit(commit, MAIN, { skipVerify: true })
    await expect(fetched).rejects.toMatchObject({ code: 'SP_GIT_UNREACHABLE' })
    expect(seen).toEqual([])
  })

  it('sends no login to where its forge redirects', async () => {
    const commit = await repo.commit({ file: 'private' })
    const other = await serve()
    let redirected = 0
    const server = createServer(identity, (request, response) => {
      redirected += 1
      response.writeHead(302, { location: other.replace('/repo.git', request.url!) }).end()
    })
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    cleanUp.push(() => new Promise((resolve) => server.close(resolve)))
    const { port } = server.address() as AddressInfo
    const mirror = open({ cloneUrl: `https://127.0.0.1:${port}/repo.git`, login: LOGIN })
    await expect(mirror.fetchCommit(commit, MAIN)).rejects.toThrow()
    expect(redirected).toBeGreaterThan(0)
    expect(seen).toEqual([])
  })
})
