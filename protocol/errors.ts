/**
 * Base of the errors that people meet. `code` is stable and documented in docs/errors.md; match on it,
 * not on the message. The message names what happened and where, the hint what to do next.
 */
export class SandpiperError extends Error {
  readonly code: string
  readonly hint: string

  constructor(code: string, message: string, options: { hint?: string; cause?: unknown } = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause })
    this.name = 'SandpiperError'
    this.code = code
    this.hint = options.hint ?? ''
  }
}

/** The message of anything that was thrown. */
export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}
