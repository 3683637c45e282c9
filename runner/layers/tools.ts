import { spawn } from 'node:child_process'
import type { ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { pipeline } from 'node:stream/promises'
import { SandpiperError } from '../../protocol/errors.js'

/** The whole environment of the tools that read and write layers. */
const ENVIRONMENT = {
  PATH: '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin',
  LC_ALL: 'C',
}

const STDERR_BYTES_MAX = 2000

/** A running tool. */
interface Tool {
  readonly child: ChildProcess
  /** Resolves when it has exited 0. @throws SandpiperError SP_LAYER_TOOL with what it said */
  readonly done: Promise<void>
}

/** Starts a tool with pipes on stdin and stdout as asked. */
function startTool(
  program: string,
  args: readonly string[],
  stdin: boolean,
  stdout: boolean,
  failure: ToolFailure = (said, how) => toolError(`${how}: ${said.trim()}`),
): Tool {
  const pipe = (wanted: boolean): 'pipe' | 'ignore' => (wanted ? 'pipe' : 'ignore')
  const child = spawn(program, args, {
    env: ENVIRONMENT,
    stdio: [pipe(stdin), pipe(stdout), 'pipe'],
  })
  let said = ''
  child.stderr?.on('data', (chunk: Buffer) => {
    said = (said + chunk.toString('utf8')).slice(0, STDERR_BYTES_MAX)
  })
  child.stdin?.on('error', () => undefined)
  return { child, done: ended(child, program, () => said, failure) }
}

/** The error for a program that has said something on stderr and ended, not with exit code 0. */
export type ToolFailure = (said: string, how: string) => Error

async function ended(
  child: ChildProcess,
  program: string,
  said: () => string,
  failure: ToolFailure,
): Promise<void> {
  try {
    const [code, signal] = (await once(child, 'close')) as [number | null, string | null]
    if (code === 0) return
    const how = signal === null ? `exit code ${String(code)}` : `signal ${signal}`
    throw failure(said(), `${program} ended with ${how}`)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error
    throw toolError(`there is no program ${program}`, `Install it: apt install ${program}`)
  }
}

/** Runs a tool to its end. @throws SandpiperError SP_LAYER_TOOL */
export async function runTool(program: string, args: readonly string[]): Promise<void> {
  await startTool(program, args, false, false).done
}

/** What a tool prints, at most 1 MiB. @throws SandpiperError SP_LAYER_TOOL */
export async function readTool(program: string, args: readonly string[]): Promise<string> {
  const chunks: Buffer[] = []
  for await (const chunk of outputOf(program, args)) chunks.push(chunk)
  return Buffer.concat(chunks)
    .subarray(0, 1024 * 1024)
    .toString('utf8')
}

/**
 * Streams a tool's stdout, fed from `source` where there is one.
 * @throws what `failure` makes, by default SandpiperError SP_LAYER_TOOL
 */
export async function* outputOf(
  program: string,
  args: readonly string[],
  source?: AsyncIterable<Buffer>,
  failure?: ToolFailure,
): AsyncGenerator<Buffer> {
  const { child, done } = startTool(program, args, source !== undefined, true, failure)
  done.catch(() => undefined)
  // A tool that ends early closes its stdin: its exit code says why.
  const feeding =
    source === undefined || child.stdin === null
      ? Promise.resolve()
      : pipeline(source, child.stdin).catch((error: unknown) => {
          if (!ENDED_EARLY.has((error as NodeJS.ErrnoException).code ?? '')) throw error
        })
  feeding.catch(() => child.kill('SIGKILL'))
  try {
    if (child.stdout !== null) for await (const chunk of child.stdout) yield chunk as Buffer
    await feeding
    await done
  } finally {
    child.kill('SIGKILL')
  }
}

const ENDED_EARLY: ReadonlySet<string> = new Set([
  'EPIPE',
  'ECONNRESET',
  'ERR_STREAM_PREMATURE_CLOSE',
])

function toolError(message: string, hint = ''): SandpiperError {
  return new SandpiperError('SP_LAYER_TOOL', message, { hint })
}
