import { simpleGit } from 'simple-git'
import type { GitLogin } from '../protocol/job-secrets.js'
import { classify, GitFailure } from './failure.js'
import type { GitLimits } from './limits.js'
import { keepLastLines, readLines } from './output.js'
import { loginVariables } from './login-helper.js'
import { redact } from './remote-url.js'

/** What every git process of ours runs with. */
export interface GitHome {
  /** An empty directory: git finds no user configuration in it. */
  readonly directory: string
  /** Configuration file that takes the place of the user's; see home.ts. */
  readonly config: string
  /** More variables, e.g. `https_proxy`; none of git's own. */
  readonly environment: Readonly<Record<string, string>>
  readonly limits: GitLimits
  /** Gets the lines on stderr of processes that nothing else listens to. */
  readonly onTrace?: (line: string) => void
}

/** One git process. */
export interface GitCommand {
  readonly home: GitHome
  /** Directory to run in. */
  readonly directory: string
  /** `GIT_DIR`, so that git never looks for a repository further up; absent: found from `directory`. */
  readonly gitDirectory?: string
  readonly workTree?: string
  readonly args: readonly string[]
  /** Transports that this process and its children may use, e.g. `http:https`; empty for none. */
  readonly transports: string
  readonly input?: string
  readonly onLine?: (line: string) => void
  readonly signal?: AbortSignal | undefined
  /** More output than this on stdout ends the process with a failure of kind `overflow`. */
  readonly stdoutBytesMax?: number
  readonly secrets?: readonly string[]
  /** For the mirror's credential helper (layout.ts). */
  readonly login?: GitLogin | null
}

const PATH = '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin'

/** Switches for every process: whatever a repo's own configuration says, no program of its is run. */
const CONFIG = [
  'core.hooksPath=/dev/null',
  'core.fsmonitor=false',
  'gc.auto=0',
  'protocol.version=2',
]

/** Guards of simple-git that our own constants need opened; of text from outside only hosts reach them. */
const UNSAFE = {
  allowUnsafeHooksPath: true,
  allowUnsafeFsMonitor: true,
  allowUnsafeConfigPaths: true,
  allowUnsafeSshCommand: true,
  allowUnsafeUrlRewrite: true,
} as const

const STDOUT_BYTES_MAX = 1024 * 1024

/**
 * Runs git and resolves with its stdout when it has exited 0.
 * @throws GitFailure when it has not; the signal's reason when that is aborted
 */
export async function runGit(command: GitCommand): Promise<Buffer> {
  command.signal?.throwIfAborted()
  const { limits } = command.home
  const overflow = new AbortController()
  const timeout = AbortSignal.timeout(limits.totalTimeoutMs)
  const signals = [overflow.signal, timeout, ...(command.signal ? [command.signal] : [])]
  const environment = environmentOf(command)
  const git = simpleGit({
    baseDir: command.directory,
    config: CONFIG,
    unsafe: UNSAFE,
    allowEnvironment: Object.keys(environment),
    abort: AbortSignal.any(signals),
    timeout: { block: limits.idleTimeoutMs },
    // All that is in the pipe counts. Transport helpers may outlive git with the pipe in their hands.
    completion: { onClose: true, onExit: command.transports === '' ? false : 250 },
    errors: (error, result) => error ?? exitError(result.exitCode),
    input: () => command.input,
  }).env(environment)
  const collected = collect(command, overflow)
  git.outputHandler((_program, stdout, stderr) => {
    stdout.on('data', collected.stdout)
    stderr.on('data', collected.stderr)
  })
  try {
    await git.raw([...command.args])
    return collected.finish()
  } catch (error) {
    collected.finish()
    command.signal?.throwIfAborted()
    throw failureOf(error, command, collected.said(), timeout.aborted, overflow.signal.aborted)
  }
}

function exitError(exitCode: number): Error | undefined {
  return exitCode === 0 ? undefined : new Error(`git exited with code ${String(exitCode)}`)
}

interface Collected {
  readonly stdout: (chunk: Buffer) => void
  readonly stderr: (chunk: Buffer) => void
  readonly finish: () => Buffer
  readonly said: () => string
}

function collect(command: GitCommand, overflow: AbortController): Collected {
  const chunks: Buffer[] = []
  const kept = keepLastLines()
  const bytesMax = command.stdoutBytesMax ?? STDOUT_BYTES_MAX
  let size = 0
  const lines = readLines((raw) => {
    const line = redact(raw, command.secrets ?? [])
    kept.add(line)
    const listen = command.onLine ?? command.home.onTrace
    listen?.(line)
  })
  return {
    stdout: (chunk) => {
      size += chunk.length
      if (size > bytesMax) overflow.abort()
      else chunks.push(chunk)
    },
    stderr: (chunk) => lines.push(chunk),
    finish: () => {
      lines.end()
      return Buffer.concat(chunks)
    },
    said: () => kept.text(),
  }
}

function failureOf(
  error: unknown,
  command: GitCommand,
  said: string,
  timedOut: boolean,
  overflowed: boolean,
): GitFailure {
  const thrown = redact(
    error instanceof Error ? error.message : String(error),
    command.secrets ?? [],
  )
  if (overflowed) return new GitFailure('overflow', 'too much output')
  if (timedOut || /block timeout reached/.test(thrown)) {
    return new GitFailure('timeout', said === '' ? 'nothing for too long' : said)
  }
  const words = said === '' ? thrown.slice(0, 1000) : said
  return new GitFailure(classify(`${said}\n${thrown}`), words)
}

/**
 * The whole environment of a git process; nothing is inherited. GIT_ALLOW_PROTOCOL overrides every
 * `protocol.*` setting (git(1)), so helper transports such as `ext::` are off whatever a repo says.
 */
function environmentOf(command: GitCommand): Record<string, string> {
  return {
    ...command.home.environment,
    PATH,
    HOME: command.home.directory,
    LC_ALL: 'C',
    GIT_CONFIG_NOSYSTEM: '1',
    GIT_CONFIG_GLOBAL: command.home.config,
    GIT_TERMINAL_PROMPT: '0',
    GIT_ALLOW_PROTOCOL: command.transports,
    GIT_SSH_COMMAND: 'ssh -o BatchMode=yes',
    ...(command.gitDirectory === undefined ? {} : { GIT_DIR: command.gitDirectory }),
    ...(command.login ? loginVariables(command.login) : {}),
    ...(command.workTree === undefined ? {} : { GIT_WORK_TREE: command.workTree }),
  }
}
