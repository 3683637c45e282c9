import type { Readable, Writable } from 'node:stream'

/** Everything of the process that commands may use; made once, in main.ts. */
export interface CliIo {
  /** Arguments after the program's name. */
  readonly argv: readonly string[]
  readonly env: Readonly<Record<string, string | undefined>>
  readonly cwd: string
  readonly homeDir: string
  /** Effective user id. */
  readonly uid: number
  readonly hostname: string
  readonly stdin: Readable
  readonly stdout: Writable
  readonly stderr: Writable
  /** Size of the terminal that stdout is, or null when it is none. */
  readonly terminalSize: () => { readonly columns: number; readonly rows: number } | null
  /** Whether colours are wanted on stdout. */
  readonly colours: boolean
  /** Absolute path of the `sandpiper` program, for scripts that have to call it later. */
  readonly programPath: string
  /** Aborted by the first SIGINT or SIGTERM: end in good order. Reading it keeps signals from ending the process. */
  readonly stop: AbortSignal
  /** Aborted by the second one: end now. */
  readonly abort: AbortSignal
}

/** Writes a line of text to stdout. */
export function printLine(io: CliIo, line: string): void {
  io.stdout.write(`${line}\n`)
}

/** Writes the one JSON document of `--json`. */
export function printJson(io: CliIo, value: unknown): void {
  io.stdout.write(`${JSON.stringify(value, null, 2)}\n`)
}
