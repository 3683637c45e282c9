import { spawn } from 'node:child_process'
import { SandpiperError } from '../../../protocol/errors.js'
import { HELPER_OUTPUT_MAX, HELPER_TIMEOUT_MS } from '../limits.js'
import type { Login } from './docker-config.js'

export interface HelperOptions {
  readonly signal?: AbortSignal | undefined
  /** Default: 15 s. */
  readonly timeoutMs?: number
  /** Default: that of this process. */
  readonly environment?: NodeJS.ProcessEnv | undefined
}

/**
 * Asks `docker-credential-NAME get` for a registry's credentials (docker-credential-helpers' protocol): the
 * registry on stdin, JSON on stdout. Null when the helper has none.
 * @param host registry as the helper knows it; Docker's own is a URL there
 * @throws SandpiperError SP_REGISTRY_CREDENTIALS
 */
export async function askHelper(
  name: string,
  host: string,
  options: HelperOptions = {},
): Promise<Login | null> {
  const program = `docker-credential-${name}`
  const { code, output } = await run(program, `${serverName(host)}\n`, options)
  if (code !== 0) {
    if (/credentials not found/i.test(output)) return null
    throw failed(program, `it ended with ${String(code)}`)
  }
  return read(program, output)
}

function serverName(host: string): string {
  return host === 'docker.io' ? 'https://index.docker.io/v1/' : host
}

function read(program: string, output: string): Login | null {
  let fields: { readonly Username?: unknown; readonly Secret?: unknown } | null
  try {
    fields = JSON.parse(output) as typeof fields
  } catch {
    throw failed(program, 'what it printed is no JSON')
  }
  const username = fields?.Username ?? ''
  const secret = fields?.Secret ?? ''
  if (typeof username !== 'string' || typeof secret !== 'string') {
    throw failed(program, 'it printed no Username and Secret')
  }
  if (secret === '') return null
  if (username === '<token>') return { kind: 'identity', token: secret }
  return { kind: 'basic', username, password: secret }
}

interface Ended {
  readonly code: number | null
  readonly output: string
}

function run(
  program: string,
  input: string,
  { signal, timeoutMs = HELPER_TIMEOUT_MS, environment }: HelperOptions,
): Promise<Ended> {
  return new Promise((resolve, reject) => {
    const child = spawn(program, ['get'], {
      stdio: ['pipe', 'pipe', 'ignore'],
      // In a group of its own, to be ended with all that it starts.
      detached: true,
      ...(environment ? { env: environment } : {}),
    })
    const chunks: Buffer[] = []
    let size = 0
    const settle = (finish: () => void): void => {
      clearTimeout(timer)
      signal?.removeEventListener('abort', aborted)
      finish()
    }
    const cut = (error: Error): void => {
      endGroup(child.pid)
      settle(() => reject(error))
    }
    const fail = (why: string): void => cut(failed(program, why))
    const aborted = (): void => cut(signal?.reason as Error)
    const timer = setTimeout(
      () => fail(`it took more than ${String(timeoutMs / 1000)} s`),
      timeoutMs,
    )
    signal?.addEventListener('abort', aborted, { once: true })
    child.on('error', (error: NodeJS.ErrnoException) =>
      fail(error.code === 'ENOENT' ? 'there is no such program' : error.message),
    )
    child.stdout.on('data', (chunk: Buffer) => {
      size += chunk.length
      if (size > HELPER_OUTPUT_MAX) fail(`it printed more than ${String(HELPER_OUTPUT_MAX)} bytes`)
      else chunks.push(chunk)
    })
    child.on('close', (code) =>
      settle(() => resolve({ code, output: Buffer.concat(chunks).toString('utf8') })),
    )
    child.stdin.on('error', () => undefined)
    child.stdin.end(input)
  })
}

/** The helper and all that it started. */
function endGroup(pid: number | undefined): void {
  if (pid === undefined) return
  try {
    process.kill(-pid, 'SIGKILL')
  } catch {
    // The group has ended by itself.
  }
}

function failed(program: string, why: string): SandpiperError {
  return new SandpiperError(
    'SP_REGISTRY_CREDENTIALS',
    `the credential helper ${program} failed: ${why}`,
    {
      hint: `Try it by hand: echo HOST | ${program} get. It must be on the PATH of Sandpiper.`,
    },
  )
}
