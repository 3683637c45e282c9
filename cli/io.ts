import type { Readable, Writable } from 'node:stream'

/** Everything of the process that commands may use; made once, in main.ts. */
export interface CliIo {
  /** Arguments after the program's name. */
  readonly argv: readonly string[]
  readonly env: Readonly<Record<string, string | undefined>>
  readonly cwd: string
  readonly homeDir: string
  /** Effective user id; where the user is root of a namespace that we made for him, his own. */
  readonly uid: number
  /** Name of that user; the number where it has none. */
  readonly userName: string
  /**
   * Makes an ordinary user root of a user namespace: then the process begins anew, and this does not
   * return. @returns why he can't be that; null for whoever is root
   */
  readonly becomeRoot: () => Promise<string | null>
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

/** Writes the one JSON document of `--json`. Nothing in it can steer a terminal. */
export function printJson(io: CliIo, value: unknown): void {
  io.stdout.write(`${JSON.stringify(value, null, 2).replace(UNESCAPED_CONTROL, escape)}\n`)
}

/** Control characters and marks of direction that JSON lets stand as they are. */
const UNESCAPED_CONTROL = /[\u007f-\u009f\u2028-\u202e\u2066-\u2069]/g

function escape(character: string): string {
  return `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`
}

/** Whether colours are wanted on stderr, which may be a file where stdout is a terminal. */
export function hasColoursOnStderr({ colours, stderr }: CliIo): boolean {
  return colours && 'isTTY' in stderr && stderr.isTTY === true
}
