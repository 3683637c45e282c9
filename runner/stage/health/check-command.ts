import type { ExecSpec, Sandbox, SandboxProcess } from '../../../native/lib/types.js'
import { messageOf } from '../../../protocol/errors.js'
import { formatDuration } from '../format.js'
import { readOutput } from '../read-output.js'

/** The end of a check's output is kept. */
const OUTPUT_BYTES_MAX = 2048

/** How a check went: null when it passed, else why not and what the command printed last. */
export type CheckFailure = { readonly reason: string; readonly output: string } | null

/** Runs the command once inside of a sandbox; never longer than `timeoutMs`. */
export async function checkCommand(
  sandbox: Pick<Sandbox, 'exec'>,
  spec: ExecSpec,
  timeoutMs: number,
): Promise<CheckFailure> {
  let process: SandboxProcess
  try {
    process = await sandbox.exec(spec)
  } catch (error) {
    return { reason: messageOf(error), output: '' }
  }
  const printed = readTail(process)
  const overdue = new AbortController()
  const timer = setTimeout(() => {
    overdue.abort()
    process.kill()
  }, timeoutMs)
  try {
    const { code, signal } = await process.exit
    if (!overdue.signal.aborted && code === 0) return null
    const how = signal === null ? `exit code ${String(code)}` : `signal ${signal}`
    const reason = overdue.signal.aborted ? `no result in ${formatDuration(timeoutMs)}` : how
    return { reason, output: await printed }
  } catch (error) {
    return { reason: messageOf(error), output: '' }
  } finally {
    clearTimeout(timer)
  }
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
