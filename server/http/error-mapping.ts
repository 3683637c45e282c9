import type { FastifyError } from 'fastify'
import { SandpiperError } from '../../protocol/errors.js'
import type { TLocalizedValidationError } from 'typebox/error'
import { fieldErrors } from './field-errors.js'
import { InvalidRequest } from './invalid-request.js'
import type { FieldError } from './invalid-request.js'
import { PROBLEMS } from './problems.js'

const HINT = 'The routes and their parameters are in docs/api.md and under /api/docs.'

/** Fastify's errors that clients cause -> our code. */
const FASTIFY_CODES: ReadonlyMap<string, string> = new Map([
  ['FST_ERR_CTP_BODY_TOO_LARGE', 'SP_HTTP_BODY_TOO_LARGE'],
  ['FST_ERR_CTP_INVALID_MEDIA_TYPE', 'SP_HTTP_MEDIA_TYPE'],
  ['FST_ERR_MAX_PARAM_LENGTH', 'SP_HTTP_URL_TOO_LONG'],
])

/**
 * The error that a client gets for anything that was thrown: ours when we have words for it, an internal
 * error without any detail of the cause else. Never throws.
 */
export function clientError(error: unknown): SandpiperError {
  if (error instanceof SandpiperError) {
    if (error.code === 'SP_STORE_UNAVAILABLE') return storeAway(error)
    return Object.hasOwn(PROBLEMS, error.code) ? error : internalError(error)
  }
  if (typeof error !== 'object' || error === null) return internalError(error)
  const { validation, validationContext, statusCode, code, message } =
    error as Partial<FastifyError>
  if (validation !== undefined) return invalidFields(validation, validationContext ?? 'body')
  const known = FASTIFY_CODES.get(code ?? '')
  if (known !== undefined) return new SandpiperError(known, message ?? '', { cause: error })
  const isClients = statusCode !== undefined && statusCode >= 400 && statusCode < 500
  return isClients ? invalid(message ?? '', error) : internalError(error)
}

/** A request that can't be understood. */
export function invalid(message: string, cause?: unknown): SandpiperError {
  return new SandpiperError('SP_HTTP_INVALID', message, {
    hint: HINT,
    cause,
  })
}

/** Without the cause, which names hosts and users. */
function storeAway(cause: SandpiperError): SandpiperError {
  const message = 'The database does not answer, so nothing was stored.'
  return new SandpiperError(cause.code, message, { hint: 'Try again in a moment.', cause })
}

function internalError(cause: unknown): SandpiperError {
  return new SandpiperError('SP_HTTP_INTERNAL', 'Something failed inside the server.', {
    hint: "The server's log has the cause under this problem's instance id.",
    cause,
  })
}

const PARTS: Readonly<Record<string, FieldError['in']>> = {
  params: 'path',
  querystring: 'query',
  headers: 'headers',
}

/** The error for fields that do not fit their schema; our validator's errors are TypeBox's. */
function invalidFields(validation: unknown, context: string): InvalidRequest {
  const part = PARTS[context] ?? 'body'
  const errors = fieldErrors(validation as readonly TLocalizedValidationError[], part)
  const more = errors.length > 1 ? ` (and ${errors.length - 1} more: see errors)` : ''
  return new InvalidRequest('SP_HTTP_INVALID', `${describe(errors[0])}${more}.`, HINT, errors)
}

function describe(error: FieldError | undefined): string {
  if (error === undefined) return 'The request is not valid'
  const path = error.pointer.split('/').slice(1).join('.')
  const field = path === '' ? `The ${error.in}` : `'${path}' in the ${error.in}`
  return `${field} ${error.detail}`
}
