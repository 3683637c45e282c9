import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { readFile } from 'node:fs/promises'
import path from 'node:path'
import { ROOT } from './root.js'
import { waitFor } from './wait.js'

const command = path.join(ROOT, 'bin/sandpiper')

/** A Sandpiper process of the test's own, as an operator would start it. */
export interface SandpiperProcess {
  readonly child: ChildProcess
  /** Everything it has printed so far. */
  output(): string
  /** Sends the signal and waits for the end. */
  end(signal?: NodeJS.Signals): Promise<void>
}

/** Environment without anything of the caller's Sandpiper. */
function cleanEnvironment(extra: Readonly<Record<string, string>>): NodeJS.ProcessEnv {
  const inherited = Object.entries(process.env).filter(([name]) => !name.startsWith('SANDPIPER_'))
  return { ...Object.fromEntries(inherited), ...extra }
}

export function startSandpiper(
  args: readonly string[],
  env: Readonly<Record<string, string>> = {},
): SandpiperProcess {
  const child = spawn(process.execPath, [command, ...args], {
    cwd: ROOT,
    env: cleanEnvironment(env),
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  let text = ''
  const keep = (data: Buffer): void => void (text = (text + data.toString()).slice(-1_000_000))
  child.stdout.on('data', keep)
  child.stderr.on('data', keep)
  return {
    child,
    output: () => text,
    end: async (signal = 'SIGTERM') => {
      if (child.exitCode !== null || child.signalCode !== null) return
      const ended = once(child, 'exit')
      child.kill(signal)
      await ended
    },
  }
}

/** Runs a command of the CLI to its end. */
export async function sandpiper(
  args: readonly string[],
  env: Readonly<Record<string, string>> = {},
  cwd: string = ROOT,
): Promise<{ code: number | null; stdout: string; stderr: string }> {
  const child = spawn(process.execPath, [command, ...args], {
    cwd,
    env: cleanEnvironment(env),
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  let stdout = ''
  let stderr = ''
  child.stdout.on('data', (data: Buffer) => (stdout += data.toString()))
  child.stderr.on('data', (data: Buffer) => (stderr += data.toString()))
  const [code] = (await once(child, 'close')) as [number | null]
  return { code, stdout, stderr }
}

/** Build as the API gives it; only what tests look at. */
export interface ApiBuild {
  readonly number: number
  readonly status: string
  readonly error: string
  readonly after: string
  readonly stages?: readonly ApiStage[]
}

export interface ApiStage {
  readonly number: number
  readonly name: string
  readonly status: string
  readonly error: string
  readonly attempt: number
  readonly machine: string
  readonly steps: readonly ApiStep[]
}

export interface ApiStep {
  readonly number: number
  readonly name: string
  readonly status: string
  readonly error: string
  readonly exit_code: number
  readonly usage: { cpu_ms: number; memory_peak_bytes: number; wall_ms: number } | null
}

const ENDED = new Set(['success', 'failure', 'error', 'killed', 'skipped'])

/** A client of one server's HTTP API. */
export interface Api {
  readonly url: string
  readonly token: string
  request(
    method: string,
    path: string,
    body?: unknown,
    headers?: Record<string, string>,
  ): Promise<Response>
  builds(slug: string): Promise<ApiBuild[]>
  build(slug: string, number: number): Promise<ApiBuild>
  /** Waits until the build has ended. */
  ended(slug: string, number: number, timeoutMs?: number): Promise<ApiBuild>
  log(slug: string, number: number, stage: number, step: number): Promise<string>
}

/** Waits until the server on a data directory answers, and makes a client for it. */
export async function connect(dataDir: string, server?: SandpiperProcess): Promise<Api> {
  const url = await waitFor(`the server on ${dataDir}`, async () => {
    if (server?.child.exitCode !== null && server?.child.exitCode !== undefined) {
      throw new Error(`the server ended:\n${server.output()}`)
    }
    const address = await readFile(path.join(dataDir, 'address'), 'utf8').catch(() => '')
    if (address === '') return null
    const ready = await fetch(`${address.trim()}/readyz`).catch(() => null)
    return ready?.ok ? address.trim() : null
  })
  const token = (await readFile(path.join(dataDir, 'admin-token'), 'utf8')).trim()
  return makeApi(url, token)
}

function makeApi(url: string, token: string): Api {
  const request: Api['request'] = (method, target, body, headers = {}) =>
    fetch(`${url}${target}`, {
      method,
      headers: {
        authorization: `Bearer ${token}`,
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
        ...headers,
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    })
  const json = async <T>(target: string): Promise<T> => (await request('GET', target)).json() as T
  const build: Api['build'] = (slug, number) => json(`/api/repos/${slug}/builds/${number}`)
  return {
    url,
    token,
    request,
    builds: (slug) => json(`/api/repos/${slug}/builds`),
    build,
    ended: (slug, number, timeoutMs = 60_000) =>
      waitFor(
        `build ${slug}#${number} to end`,
        async () => {
          const found = await build(slug, number)
          return ENDED.has(found.status) ? found : null
        },
        timeoutMs,
      ),
    log: async (slug, number, stage, step) =>
      (await request('GET', `/api/repos/${slug}/builds/${number}/logs/${stage}/${step}`)).text(),
  }
}
