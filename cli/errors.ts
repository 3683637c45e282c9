import type { Writable } from 'node:stream'
import { messageOf, SandpiperError } from '../protocol/errors.js'
import { ExitCode } from './exit-code.js'

/** An error with the exit code it ends the command with. */
export class CliError extends SandpiperError {
  readonly exitCode: ExitCode

  constructor(
    exitCode: ExitCode,
    code: string,
    message: string,
    options: { hint?: string; cause?: unknown } = {},
  ) {
    super(code, message, options)
    this.name = 'CliError'
    this.exitCode = exitCode
  }
}

/** The command was called wrongly: exit code 2. */
export function usageError(message: string, hint = ''): CliError {
  return new CliError(ExitCode.usage, 'SP_CLI_USAGE', message, { hint })
}

/** Ends the command with an exit code after everything has been said already. */
export class Exit extends Error {
  readonly exitCode: ExitCode

  constructor(exitCode: ExitCode) {
    super(`exit ${exitCode}`)
    this.name = 'Exit'
    this.exitCode = exitCode
  }
}

/**
 * The exit code for anything thrown: what is wrong with a pipeline file or an argument is not the
 * host's fault, everything else is.
 */
export function exitCodeOf(error: unknown): ExitCode {
  if (error instanceof CliError || error instanceof Exit) return error.exitCode
  if (!(error instanceof SandpiperError)) return ExitCode.host
  if (error.code.startsWith('SP_PIPELINE_')) return ExitCode.failed
  if (error.code.startsWith('SP_CONFIG_') || error.code.endsWith('_INVALID')) return ExitCode.usage
  return ExitCode.host
}

/** Writes `error: ...` and `hint: ...`, or the same as one JSON document, to stderr. */
export function printError(stderr: Writable, error: unknown, options: { json: boolean }): void {
  if (error instanceof Exit) return
  const code = error instanceof SandpiperError ? error.code : 'SP_CLI_UNEXPECTED'
  const hint = error instanceof SandpiperError ? error.hint : UNEXPECTED_HINT
  if (options.json) {
    stderr.write(`${JSON.stringify({ error: { code, message: messageOf(error), hint } })}\n`)
    return
  }
  stderr.write(`error: ${messageOf(error)}\n`)
  if (hint !== '') stderr.write(`hint: ${hint}\n`)
}

const UNEXPECTED_HINT =
  'this is a mistake in Sandpiper itself or on this host; SANDPIPER_DEBUG=1 prints where'
