import { execFile } from 'node:child_process'
import { mkdir, mkdtemp, readFile, rename, rm, writeFile } from 'node:fs/promises'
import { createServer, type Server } from 'node:https'
import type { AddressInfo } from 'node:net'
import os from 'node:os'
import path from 'node:path'
import { promisify } from 'node:util'
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals'
import { createMirrors } from '../../git/mirrors.js'
import type { Mirrors } from '../../git/types.js'
import type { ClonePlan } from '../../pipelines/plan.js'
import type { StageJob } from '../../protocol/job.js'
import { makeJob } from '../testing/stages.js'
import { checkoutWorkspace } from './workspace.js'

const run = promisify(execFile)

let directory: string
let mirrors: Mirrors
let commit: string
let output: string

beforeEach(async () => {
  directory = await mkdtemp(path.join(os.tmpdir(), 'sandpiper-workspace-'))
  mirrors = createMirrors(path.join(directory, 'mirrors'))
  output = ''
  const origin = path.join(directory, 'origin')
  await mkdir(origin)
  const who = ['-c', 'user.name=ada', '-c', 'user.email=ada@example.com']
  await git(origin, 'init', '-q', '-b', 'main')
  await writeFile(path.join(origin, 'file'), 'text\n')
  await git(origin, 'add', 'file')
  await git(origin, ...who, 'commit', '-qm', 'One')
  commit = (await git(origin, 'rev-parse', 'HEAD')).trim()
})

afterEach(async () => {
  await mirrors.close()
  await rm(directory, { recursive: true })
})

async function git(cwd: string, ...args: string[]): Promise<string> {
  return (await run('git', args, { cwd })).stdout
}

function jobFor(cloneUrl: string, clone: Partial<ClonePlan>): StageJob {
  const repo = { id: 1, slug: 'a/b', cloneUrl, allowFileTransport: true }
  return { ...makeJob([], { plan: { clone: { disabled: false, ...clone } } }), repo, commit }
}

async function checkOut(
  job: StageJob,
  onOutput: (text: string) => void = () => undefined,
  signal = new AbortController().signal,
): Promise<string> {
  const target = await mkdtemp(path.join(directory, 'checkout-'))
  const workspace = checkoutWorkspace((repo) => mirrors.open(repo))
  const take = (text: string): void => {
    output += text
    onOutput(text)
  }
  await workspace({ job, directory: target, login: null, onOutput: take, signal })
  return readFile(path.join(target, 'file'), 'utf8')
}

describe('checkoutWorkspace', () => {
  it('tries again as often as the pipeline says, and tells so', async () => {
    const [away, origin] = ['away', 'origin'].map((name) => path.join(directory, name))
    await rename(origin!, away!)
    let back = Promise.resolve()
    const text = await checkOut(jobFor(origin!, { retries: 2 }), (line) => {
      if (line.startsWith('attempt')) back = rename(away!, origin!)
    })
    await back
    expect(text).toBe('text\n')
    expect(output).toContain('\nattempt 2 of 3 in 1s\n')
  })

  it('gives up at once where the pipeline says nothing', async () => {
    await expect(checkOut(jobFor(path.join(directory, 'none'), {}))).rejects.toThrow()
    expect(output).not.toContain('attempt')
  })

  it('stops waiting when it is cancelled', async () => {
    const controller = new AbortController()
    const waiting = checkOut(
      jobFor(path.join(directory, 'none'), { retries: 9 }),
      (line) => {
        if (line.startsWith('attempt')) controller.abort()
      },
      controller.signal,
    )
    await expect(waiting).rejects.toThrow('aborted')
  })

  it('tells what git does when it is asked to', async () => {
    await checkOut(jobFor(path.join(directory, 'origin'), { trace: true }))
    expect(output).toMatch(/trace: .*fetch/)
  })

  it('takes a certificate that nobody vouches for only when the pipeline says so', async () => {
    const server = await serveOverTls(path.join(directory, 'origin'))
    const { port } = server.address() as AddressInfo
    const url = `https://127.0.0.1:${port}/.git`
    try {
      await expect(checkOut(jobFor(url, {}))).rejects.toThrow(/certificate/)
      expect(await checkOut(jobFor(url, { skipVerify: true }))).toBe('text\n')
      // What one pipeline wants counts for nobody else.
      await rm(path.join(directory, 'mirrors'), { recursive: true })
      await mirrors.close()
      mirrors = createMirrors(path.join(directory, 'mirrors'))
      await expect(checkOut(jobFor(url, {}))).rejects.toThrow(/certificate/)
    } finally {
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    }
  })
})

/** The files of a repo as git's dumb protocol wants them. */
async function serveOverTls(root: string): Promise<Server> {
  await git(root, 'update-server-info')
  const [key, cert] = ['key.pem', 'cert.pem'].map((name) => path.join(directory, name))
  await run('openssl', [
    ...['req', '-x509', '-newkey', 'rsa:2048', '-nodes', '-days', '2', '-subj', '/CN=127.0.0.1'],
    ...['-addext', 'subjectAltName=IP:127.0.0.1', '-keyout', key!, '-out', cert!],
  ])
  const identity = { key: await readFile(key!), cert: await readFile(cert!) }
  const server = createServer(identity, (request, response) => {
    const name = new URL(request.url ?? '/', 'https://x').pathname
    readFile(path.join(root, path.posix.normalize(name))).then(
      (content) => response.end(content),
      () => response.writeHead(404).end(),
    )
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return server
}
