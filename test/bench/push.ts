import path from 'node:path'
import type { Launcher } from '../../native/lib/types.js'
import { startRunner, type RunningRunner } from '../../runner/compose.js'
import { startServer, type RunningServer } from '../../server/compose.js'
import { makeRepo, type TestRepo } from '../support/git.js'
import { sandpiper } from '../support/sandpiper.js'
import { bareLauncher } from './bare-launcher.js'
import { medianFigure, printTable, type Figure } from './report.js'
import { interleave, type Contender } from './stats.js'

const PIPELINE = `kind: pipeline
type: exec
name: bench
steps:
  - name: hello
    commands: [echo hello]
`
const MARK = '"out":"hello'

/** From `git push` to the first line that the step prints, read over HTTP; with and without a sandbox. */
export async function benchPush(scratch: string, rounds: number): Promise<Figure[]> {
  const sandboxed = await startSystem(path.join(scratch, 'sandboxed'))
  const bare = await startSystem(path.join(scratch, 'bare'), () => Promise.resolve(bareLauncher()))
  try {
    const contenders: Contender[] = [
      {
        name: 'in a sandbox',
        note: 'git push, hook, ingest, queue, checkout, sandbox, log over HTTP',
        run: () => pushToFirstLine(sandboxed),
      },
      {
        name: 'bare spawn',
        note: 'the same without a sandbox: the script as a child process of the runner',
        run: () => pushToFirstLine(bare),
      },
    ]
    const samples = await interleave(contenders, rounds, 2)
    printTable(`Push to the first log line of a step; ${rounds} pushes each`, contenders, samples)
    return [medianFigure('push.first_log_line', contenders, samples)]
  } finally {
    await stopSystem(sandboxed)
    await stopSystem(bare)
  }
}

interface System {
  readonly server: RunningServer
  readonly runner: RunningRunner
  readonly repo: TestRepo
  readonly slug: string
  builds: number
}

async function startSystem(dir: string, openLauncher?: () => Promise<Launcher>): Promise<System> {
  const server = await startServer({
    dataDir: path.join(dir, 'server'),
    listen: { host: '127.0.0.1', port: 0 },
    redis: { private: true },
    logLevel: 'warn',
  })
  const runner = await startRunner({
    dataDir: path.join(dir, 'runner'),
    redisUrl: server.redisUrl,
    redisPrefix: server.redisPrefix,
    platform: { os: 'linux', arch: 'amd64' },
    machine: 'bench',
    ...(openLauncher ? { openLauncher } : {}),
  })
  const slug = 'bench/app'
  const repo = await makeRepo(dir, 'app')
  const env = { SANDPIPER_SERVER: server.address, SANDPIPER_TOKEN: server.adminToken }
  for (const args of [
    ['repo', 'add', slug, '--clone-url', repo.bare],
    ['hook', 'install', repo.bare, '--repo', slug],
  ]) {
    const { code, stderr } = await sandpiper(args, env)
    if (code !== 0) throw new Error(`sandpiper ${args.join(' ')}: ${stderr}`)
  }
  return { server, runner, repo, slug, builds: 0 }
}

async function stopSystem({ runner, server }: System): Promise<void> {
  await runner.close({ mode: 'drain' })
  await server.close()
}

async function pushToFirstLine(system: System): Promise<void> {
  const { server, repo, slug } = system
  const number = ++system.builds
  await repo.push({ '.pipeline.yml': PIPELINE })
  const url = `${server.address}/api/repos/${slug}/builds/${number}/logs/1/2`
  const headers = { authorization: `Bearer ${server.adminToken}`, accept: 'text/event-stream' }
  for (;;) {
    const answer = await fetch(url, { headers })
    if (answer.ok && (await seesMark(answer))) return
    if (!answer.ok) await answer.body?.cancel()
  }
}

/** Reads the stream until the step's line is there. */
async function seesMark(answer: Response): Promise<boolean> {
  const decoder = new TextDecoder()
  let text = ''
  for await (const chunk of answer.body ?? []) {
    text += decoder.decode(chunk as Uint8Array, { stream: true })
    if (text.includes(MARK)) return true
  }
  return false
}
