import type { TLocalizedValidationError } from 'typebox/error'
import { SandpiperError } from '../../protocol/errors.js'

/** A body that is not what its hook sends; `field` is its path, e.g. `repository.full_name`. */
export function invalidBody(field: string, problem: string): SandpiperError {
  const subject = field === '' ? 'The body' : `Field '${field}'`
  return new SandpiperError('SP_HOOK_BODY_INVALID', `${subject} ${problem}.`, {
    hint: 'Compare the delivery with what the hook is documented to send (docs/api.md).',
  })
}

/** A compiled typebox schema. */
export interface Decoder<T> {
  Check(value: unknown): value is T
  Errors(value: unknown): readonly TLocalizedValidationError[]
}

/**
 * Narrows parsed JSON to what a schema says; fields the schema does not name are ignored.
 * @throws SandpiperError SP_HOOK_BODY_INVALID naming the first field that is missing or wrong
 */
export function decode<T>(decoder: Decoder<T>, value: unknown): T {
  if (decoder.Check(value)) return value
  const error = mostSpecific(decoder.Errors(value))
  const path = (error?.instancePath ?? '').split('/').slice(1)
  const missing = error?.keyword === 'required' ? error.params.requiredProperties[0] : undefined
  if (missing !== undefined) throw invalidBody([...path, missing].join('.'), 'is missing')
  throw invalidBody(path.join('.'), error?.message ?? 'is not valid')
}

/** Of the alternatives of a union the one that the value came nearest to speaks, not "must be null". */
function mostSpecific(
  errors: readonly TLocalizedValidationError[],
): TLocalizedValidationError | undefined {
  const depth = ({ keyword, instancePath }: TLocalizedValidationError): number =>
    instancePath.split('/').length + (keyword === 'required' ? 1 : 0)
  return [...errors].sort((a, b) => depth(b) - depth(a))[0]
}

/**
 * Parses a body as JSON.
 * @throws SandpiperError SP_HOOK_BODY_INVALID when it is not UTF-8 or not JSON
 */
export function parseJson(bytes: Uint8Array): unknown {
  try {
    return JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes)) as unknown
  } catch (error) {
    const message = error instanceof SyntaxError ? 'is not JSON' : 'is not UTF-8 text'
    throw invalidBody('', message)
  }
}
