import type { Readable } from 'node:stream'
import type { SandboxProcess, Stage } from '../../native/lib/types.js'
import { programFailed, programMissing } from './errors.js'

/** The end of what a tool prints is kept. */
const OUTPUT_BYTES_MAX = 4096
/** What the launcher prints when the program is not there (ENOENT). */
const NOT_THERE = /^execve on \S+: errno 2$/m

export interface ToolCommand {
  readonly argv: readonly string[]
  readonly input: string
  /** Networks of the stage; it runs in the first. */
  readonly networks: readonly string[]
}

/**
 * Runs a program for a stage to its end.
 * @throws SandpiperError SP_NETWORK_NO_PROGRAM, SP_NETWORK_FAILED; NativeError
 */
export async function runTool(stage: Pick<Stage, 'runTool'>, command: ToolCommand): Promise<void> {
  const tool = await stage.runTool({ ...command, runsIn: 'network' })
  const output = await readTail(tool.output)
  const end = await tool.exit
  if (end.code !== 0) throw toolError(command.argv[0] ?? '', describeEnd(end), output)
}

/** The error of a program that has ended when it should not, or otherwise than it should. */
export function toolError(program: string, how: string, output: string): Error {
  if (NOT_THERE.test(output)) return programMissing(program)
  return programFailed(program, how, output)
}

/** In words that follow the name of the program. */
export function describeEnd({ code, signal }: Awaited<SandboxProcess['exit']>): string {
  return signal === null ? `ended with exit code ${String(code)}` : `was ended by signal ${signal}`
}

async function readTail(output: Readable): Promise<string> {
  let kept = Buffer.alloc(0)
  for await (const chunk of output) {
    kept = Buffer.concat([kept, chunk as Buffer]).subarray(-OUTPUT_BYTES_MAX)
  }
  return kept.toString('utf8')
}
