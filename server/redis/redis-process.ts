import { spawn } from 'node:child_process'
import type { ChildProcess } from 'node:child_process'
import { createInterface } from 'node:readline'
import type { Readable } from 'node:stream'
import type { Logger } from 'pino'
import { redisMissing } from '../errors.js'
import { pidFileOf } from './predecessor.js'

/** One run of `redis-server`. */
export interface RedisProcess {
  readonly pid: number | undefined
  /** Resolves when it has ended; never rejects. */
  readonly ended: Promise<RedisEnd>
  /** Asks it to save and end, makes it end when it does not, and waits for that. */
  stop(): Promise<void>
}

export interface RedisEnd {
  /** `with code 1`, `by SIGKILL`. */
  readonly how: string
  /** The last lines that it printed. */
  readonly output: string
  /** Set when it could not be started at all. */
  readonly error?: Error
}

const OUTPUT_LINES_MAX = 20
const STOP_WITHIN_MS = 10_000
/** Where Debian, and an administrator, put programs. Our own environment stays out of the child. */
const PATH = '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin'
/** What setpriv(1) ends with when it does not find the program. */
const NOT_FOUND_CODE = 127

/**
 * Starts one. `setpriv --pdeathsig` has the kernel send it a SIGTERM when this process dies
 * (prctl(2), PR_SET_PDEATHSIG); a session of its own keeps the terminal's Ctrl-C from it.
 */
export function spawnRedis(options: {
  readonly directory: string
  readonly path: string
  readonly logger: Logger
}): RedisProcess {
  const child = spawn(
    'setpriv',
    ['--pdeathsig', 'TERM', 'redis-server', ...redisArguments(options)],
    { cwd: options.directory, env: { PATH }, detached: true, stdio: ['ignore', 'pipe', 'pipe'] },
  )
  const lines: string[] = []
  for (const stream of [child.stdout, child.stderr]) collectLines(stream, lines, options.logger)
  const ended = endOf(child, lines)
  return { pid: child.pid, ended, stop: () => stop(child, ended) }
}

function redisArguments({ directory, path }: { directory: string; path: string }): string[] {
  return [
    ...['--port', '0', '--unixsocket', path, '--unixsocketperm', '700'],
    ...['--dir', directory, '--pidfile', pidFileOf(directory), '--daemonize', 'no'],
    ...['--appendonly', 'yes', '--appendfsync', 'everysec', '--save', ''],
    ...['--maxmemory-policy', 'noeviction', '--loglevel', 'notice'],
  ]
}

function collectLines(stream: Readable, lines: string[], logger: Logger): void {
  createInterface({ input: stream }).on('line', (line) => {
    logger.debug({ line }, 'redis')
    lines.push(line)
    if (lines.length > OUTPUT_LINES_MAX) lines.shift()
  })
}

function endOf(child: ChildProcess, lines: readonly string[]): Promise<RedisEnd> {
  return new Promise((resolve) => {
    child.once('error', (error) =>
      resolve({ how: 'before it ran', output: '', error: redisMissing(error) }),
    )
    child.once('close', (code, signal) => {
      const output = lines.join('\n')
      const how = signal ? `by ${signal}` : `with code ${code ?? -1}`
      const missing = code === NOT_FOUND_CODE ? { error: redisMissing(output) } : {}
      resolve({ how, output, ...missing })
    })
  })
}

async function stop(child: ChildProcess, ended: Promise<RedisEnd>): Promise<void> {
  child.kill('SIGTERM')
  const timer = setTimeout(() => child.kill('SIGKILL'), STOP_WITHIN_MS)
  await ended
  clearTimeout(timer)
}
