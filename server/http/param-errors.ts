import { ParamsInvalid } from '../builds/errors.js'
import type { FieldError } from './invalid-request.js'

/** The parts of a request that parameters of a build come in. */
export interface ParamsRequest {
  readonly query: unknown
  readonly body: unknown
}

/** The fields of a request whose parameters a build can't be started with; none when something else is wrong. */
export function paramErrors(error: unknown, request: ParamsRequest): readonly FieldError[] {
  if (!(error instanceof ParamsInvalid)) return []
  return error.problems.map(({ name, message: detail }) => ({ ...placeOf(name, request), detail }))
}

/** Where it is, or could be when it is missing. */
function placeOf(name: string, { query, body }: ParamsRequest): Pick<FieldError, 'pointer' | 'in'> {
  const escaped = name.slice(0, 128).replace(/~/g, '~0').replace(/\//g, '~1')
  const isInQuery = holds(query, name)
  if (!isInQuery && holds(body, 'params')) return { pointer: `/params/${escaped}`, in: 'body' }
  return { pointer: `/${escaped}`, in: !isInQuery && holds(body, name) ? 'body' : 'query' }
}

function holds(part: unknown, name: string): boolean {
  return typeof part === 'object' && part !== null && Object.hasOwn(part, name)
}
