import { GIT_MESSAGE_BYTES_MAX } from './limits.js'

/** Takes chunks of what a git process prints on stderr. */
export interface LineReader {
  push(chunk: Buffer): void
  /** Hands on what is left without a newline. */
  end(): void
}

const PENDING_MAX = 16 * 1024

/**
 * Splits git's messages into lines. A progress line is printed over and over behind a carriage return:
 * only its last state counts. An endless line is handed on in pieces.
 */
export function readLines(onLine: (line: string) => void): LineReader {
  let pending = ''
  const decoder = new TextDecoder()
  const take = (text: string): void => {
    const lines = (pending + text).split('\n')
    pending = withoutOldStates(lines.pop() ?? '')
    for (const line of lines) onLine(lastState(line))
    if (pending.length > PENDING_MAX) {
      onLine(pending)
      pending = ''
    }
  }
  return {
    push: (chunk) => take(decoder.decode(chunk, { stream: true })),
    end: () => {
      take(decoder.decode())
      if (pending !== '') onLine(lastState(pending))
      pending = ''
    },
  }
}

/** What follows the carriage return that the next piece may not overwrite any more. */
function withoutOldStates(line: string): string {
  return line.slice(line.replace(/\r$/, '').lastIndexOf('\r') + 1)
}

function lastState(line: string): string {
  return withoutOldStates(line).replace(/\r$/, '')
}

/** Keeps the last lines that say something, for an error message. */
export function keepLastLines(): { add(line: string): void; text(): string } {
  const lines: string[] = []
  let size = 0
  return {
    add: (line) => {
      if (line.trim() === '' || /^(?:remote: )?[A-Z][\w ]+: +\d+% \(/.test(line)) return
      lines.push(line)
      size += line.length
      while (size > GIT_MESSAGE_BYTES_MAX && lines.length > 1) size -= lines.shift()?.length ?? 0
    },
    text: () => lines.join('; ').slice(-GIT_MESSAGE_BYTES_MAX),
  }
}
