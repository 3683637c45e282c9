import { spawn } from 'node:child_process'

/** A command is given up after this time in milliseconds, or so many characters. */
const TIMEOUT_MS = 60_000
const OUTPUT_MAX = 8 * 1024 * 1024

export interface CaptureOptions {
  readonly signal: AbortSignal
  /** Default 60,000. */
  readonly timeoutMs?: number
}

/**
 * Standard output of a command, whatever its exit code was; null when it did not start, did not end, or
 * printed too much. What it complains of is dropped, however much it is.
 */
export function capture(
  command: string,
  args: readonly string[],
  { signal, timeoutMs = TIMEOUT_MS }: CaptureOptions,
): Promise<string | null> {
  return new Promise((settle) => {
    const child = spawn(command, args, { signal, stdio: ['ignore', 'pipe', 'ignore'] })
    const resolve = (result: string | null): void => {
      clearTimeout(timer)
      settle(result)
    }
    const giveUp = (): void => {
      child.stdout.destroy()
      child.kill('SIGKILL')
      resolve(null)
    }
    const timer = setTimeout(giveUp, timeoutMs)
    let printed = ''
    child.stdout.setEncoding('latin1').on('data', (text: string) => {
      printed += text
      if (printed.length > OUTPUT_MAX) giveUp()
    })
    child.on('error', giveUp)
    child.on('close', (code) => resolve(code === null ? null : printed))
  })
}
