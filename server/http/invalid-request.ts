import { SandpiperError } from '../../protocol/errors.js'

/** One field of a request that can't be taken. */
export interface FieldError {
  /** JSON pointer (RFC 6901) to it. */
  readonly pointer: string
  readonly in: 'body' | 'path' | 'query' | 'headers'
  readonly detail: string
}

/** A request with fields that can't be taken; the problem document lists them all in `errors`. */
export class InvalidRequest extends SandpiperError {
  readonly errors: readonly FieldError[]

  constructor(code: string, message: string, hint: string, errors: readonly FieldError[]) {
    super(code, message, { hint })
    this.errors = errors
  }
}
