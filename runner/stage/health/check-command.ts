import type { ExecSpec, Sandbox, SandboxProcess } from '../../../native/lib/types.js'
import { messageOf } from '../../../protocol/errors.js'
import { armDeadline } from '../deadline.js'
import { formatDuration } from '../format.js'
import { readOutput } from '../read-output.js'

/** The end of a check's output is kept. */
const OUTPUT_BYTES_MAX = 2048

/** How a check went: null when it passed, else why not and what the command printed last. */
export type CheckFailure = { readonly reason: string; readonly output: string } | null

/** Runs the command once inside of a sandbox; never longer than `timeoutMs`, with its start. */
export async function checkCommand(
  sandbox: Pick<Sandbox, 'exec'>,
  spec: ExecSpec,
  timeoutMs: number,
): Promise<CheckFailure> {
  const overdue = new AbortController()
  const timer = armDeadline(timeoutMs, () => overdue.abort())
  try {
    return await runCheck(sandbox, spec, overdue.signal, timeoutMs)
  } catch (error) {
    return { reason: messageOf(error), output: '' }
  } finally {
    clearTimeout(timer)
  }
}

async function runCheck(
  sandbox: Pick<Sandbox, 'exec'>,
  spec: ExecSpec,
  overdue: AbortSignal,
  timeoutMs: number,
): Promise<CheckFailure> {
  const late = `no result in ${formatDuration(timeoutMs)}`
  const process = await startInTime(sandbox, spec, overdue)
  if (process === null) return { reason: late, output: '' }
  const printed = readTail(process)
  overdue.addEventListener('abort', () => process.kill())
  if (overdue.aborted) process.kill()
  const { code, signal } = await process.exit
  if (!overdue.aborted && code === 0) return null
  const how = signal === null ? `exit code ${String(code)}` : `signal ${signal}`
  return { reason: overdue.aborted ? late : how, output: await printed }
}

/** Null when time was up first; what starts all the same is ended. */
async function startInTime(
  sandbox: Pick<Sandbox, 'exec'>,
  spec: ExecSpec,
  overdue: AbortSignal,
): Promise<SandboxProcess | null> {
  const cancellable = { ...spec, signal: overdue }
  const starting = sandbox.exec(cancellable)
  const gaveUp = new Promise<null>((resolve) => {
    overdue.addEventListener('abort', () => resolve(null))
  })
  const process = await Promise.race([starting, gaveUp])
  if (process === null) starting.then(discard, () => undefined)
  return process
}

function discard(process: SandboxProcess): void {
  process.output.destroy()
  process.kill()
}

/** What the command started may hold the pipe open for longer than it runs: readOutput has an end. */
async function readTail({ output, exit }: SandboxProcess): Promise<string> {
  let kept = Buffer.alloc(0)
  try {
    for await (const chunk of readOutput(output, exit)) {
      kept = Buffer.concat([kept, chunk]).subarray(-OUTPUT_BYTES_MAX)
    }
  } catch {
    // What could be read is what there is to tell.
  }
  return kept.toString('utf8').trim()
}
