import type { Writable } from 'node:stream'
import { messageOf, SandpiperError } from '../protocol/errors.js'
import { ExitCode } from './exit-code.js'
import { stripTerminalText } from './terminal/sanitize.js'

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

/** What `io.stop` and `io.abort` are aborted with; whatever it interrupts may throw it on. */
export function interruption(signal: string): Error {
  return new DOMException(`interrupted by ${signal}`, 'AbortError')
}

/** The error to print for one that an interruption caused; any other error as it is. */
export function withoutAbort(error: unknown): unknown {
  if (!(error instanceof Error) || error.name !== 'AbortError') return error
  return new CliError(ExitCode.interrupted, 'SP_CLI_INTERRUPTED', 'interrupted', { cause: error })
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
  if (error.code === 'SP_IMAGE_NAME') return ExitCode.usage
  return ExitCode.host
}

/** What is shown of an error. */
export interface ErrorReport {
  readonly code: string
  readonly message: string
  readonly hint: string
}

/** Writes `error: ...` and `hint: ...`, or the same as one JSON document, to stderr. */
export function printError(stderr: Writable, error: unknown, options: { json: boolean }): void {
  if (error instanceof Exit) return
  const report = reportOf(error)
  if (options.json) {
    stderr.write(`${JSON.stringify({ error: report })}\n`)
    return
  }
  stderr.write(`error: ${stripTerminalText(report.message)}\n`)
  if (report.hint !== '') stderr.write(`hint: ${stripTerminalText(report.hint)}\n`)
}

function reportOf(error: unknown): ErrorReport {
  const message = messageOf(error)
  if (error instanceof SandpiperError) return { code: error.code, message, hint: error.hint }
  const { code, syscall } = error as Partial<NodeJS.ErrnoException>
  if (typeof code !== 'string' || typeof syscall !== 'string') {
    return { code: 'SP_CLI_UNEXPECTED', message, hint: UNEXPECTED_HINT }
  }
  // The system refused something: that is the host's to mend, and its own words are the best there are.
  return { code: 'SP_CLI_SYSTEM', message, hint: SYSTEM_HINTS[code] ?? 'see `sandpiper doctor`' }
}

const SYSTEM_HINTS: Readonly<Record<string, string>> = {
  EADDRINUSE: 'another process listens there: end it, or choose another address with --listen',
  EADDRNOTAVAIL: 'this machine has no such address: choose another one with --listen',
  EACCES: 'run it as the user that owns the place, or choose another directory with --data',
  EPERM: 'this needs rights that you lack here: see `sandpiper doctor`',
  ENOSPC: 'the disk is full: make room, or choose another directory with --data',
  EROFS: 'the file system is read-only: choose another directory with --data',
}

const UNEXPECTED_HINT =
  'this is a mistake in Sandpiper itself or on this host; SANDPIPER_DEBUG=1 prints where'
