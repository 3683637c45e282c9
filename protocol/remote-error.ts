import { SandpiperError } from './errors.js'

export interface RemoteErrorOptions {
  readonly hint?: string
  readonly cause?: unknown
  /** Default false. */
  readonly again?: boolean
  readonly afterMs?: number | null
  readonly status?: number
}

/** A failure at somebody else's server, with whether another try may end better. */
export class RemoteError extends SandpiperError {
  /** Whether the same request may succeed in a while. */
  readonly again: boolean
  /** Wait that the server asked for, in milliseconds; null where it did not. */
  readonly afterMs: number | null
  /** Status of the answer; null where there was none. */
  readonly status: number | null

  constructor(code: string, message: string, options: RemoteErrorOptions = {}) {
    super(code, message, options)
    this.name = new.target.name
    this.again = options.again ?? false
    this.afterMs = options.afterMs ?? null
    this.status = options.status ?? null
  }
}

/** Words of somebody else as they may stand in a message: one line, bounded, nothing that a terminal obeys. */
export function oneLine(text: string, lengthMax: number): string {
  const line = text.replace(/[\p{C}\s]+/gu, ' ').trim()
  return line.length > lengthMax ? `${line.slice(0, lengthMax)}...` : line
}

/**
 * Milliseconds that a Retry-After header asks for: seconds or a date (RFC 9110, 10.2.3). Null for none, and
 * for what can't be read.
 */
export function retryAfterMs(header: string | null | undefined, now: number): number | null {
  if (typeof header !== 'string') return null
  if (/^\d{1,9}$/.test(header)) return Number(header) * 1000
  // Date.parse takes "-1" for a year.
  const date = /^[a-z]/i.test(header) ? Date.parse(header) : Number.NaN
  return Number.isNaN(date) ? null : Math.max(0, date - now)
}
