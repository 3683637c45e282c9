import type { ExecSpec, Sandbox, SandboxProcess } from '../../../native/lib/types.js'
import { messageOf } from '../../../protocol/errors.js'
import { formatDuration } from '../format.js'

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
  const tail = keepTail(process)
  const overdue = new AbortController()
  const timer = setTimeout(() => {
    overdue.abort()
    process.kill()
  }, timeoutMs)
  try {
    const { code, signal } = await process.exit
    if (overdue.signal.aborted)
      return { reason: `no result in ${formatDuration(timeoutMs)}`, output: tail() }
    if (code === 0) return null
    const how = signal === null ? `exit code ${String(code)}` : `signal ${signal}`
    return { reason: how, output: tail() }
  } catch (error) {
    return { reason: messageOf(error), output: tail() }
  } finally {
    clearTimeout(timer)
    // What the command has started may hold the pipe open for as long as the sandbox lives.
    process.output.destroy()
  }
}

function keepTail({ output }: SandboxProcess): () => string {
  let kept = Buffer.alloc(0)
  output.on('error', () => undefined)
  output.on('data', (chunk: Buffer) => {
    kept = Buffer.concat([kept, chunk]).subarray(-OUTPUT_BYTES_MAX)
  })
  return () => kept.toString('utf8').trim()
}
