import type { TLocalizedValidationError } from 'typebox/error'
import type { FieldError } from './invalid-request.js'

/** Fields that one problem document names at most. */
const FIELDS_MAX = 50

/** Longest name of a field that is repeated in a pointer. */
const POINTER_LENGTH_MAX = 200

/** What is wrong with a part of a request, once per field, in words. */
export function fieldErrors(
  errors: readonly TLocalizedValidationError[],
  part: FieldError['in'],
): readonly FieldError[] {
  const found = new Map<string, string>()
  for (const [pointer, detail] of errors.flatMap(pointersOf)) {
    if (!found.has(pointer)) found.set(pointer, detail)
  }
  for (const [pointer, values] of allowedValues(errors)) {
    found.set(pointer, `must be ${values.join(' or ')}`)
  }
  return [...found]
    .slice(0, FIELDS_MAX)
    .map(([pointer, detail]) => ({ pointer: shorten(pointer), in: part, detail }))
}

/** The values of each field that may have these and nothing else: there is an error about every one. */
function allowedValues(errors: readonly TLocalizedValidationError[]): Map<string, string[]> {
  const values = new Map<string, string[]>()
  for (const { keyword, instancePath, params } of errors) {
    if (keyword !== 'const') continue
    const value = JSON.stringify((params as { readonly allowedValue: unknown }).allowedValue)
    values.set(instancePath, [...(values.get(instancePath) ?? []), value])
  }
  for (const { keyword, instancePath, params } of errors) {
    // Null means that nothing changes.
    const isNull = keyword === 'type' && (params as { readonly type: unknown }).type === 'null'
    if (keyword !== 'const' && keyword !== 'anyOf' && !isNull) values.delete(instancePath)
  }
  return values
}

type Found = readonly [pointer: string, detail: string]

/** Errors about fields that lack, or should not be there, are the object's: they are told of the fields. */
function pointersOf({
  keyword,
  instancePath,
  params,
  message,
}: TLocalizedValidationError): Found[] {
  if (keyword === 'required') {
    const { requiredProperties } = params as { readonly requiredProperties: readonly string[] }
    return requiredProperties.map((name) => [`${instancePath}/${escape(name)}`, 'must be there'])
  }
  if (keyword === 'boolean') return [[instancePath, 'must not be there']]
  // Each of them was told of as a boolean schema already.
  if (keyword === 'additionalProperties') return []
  return [[instancePath, message]]
}

function escape(name: string): string {
  return name.replace(/~/g, '~0').replace(/\//g, '~1')
}

function shorten(pointer: string): string {
  return pointer.length > POINTER_LENGTH_MAX ? `${pointer.slice(0, POINTER_LENGTH_MAX)}…` : pointer
}
