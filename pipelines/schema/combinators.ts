import type { Node } from '../parse/tree.js'
import { wrongKind } from './scalars.js'
import type { DecodeContext, JsonSchema, Located, Shape } from './shape.js'

/**
 * A value that may be written in several forms, told apart by what it is in YAML.
 * @param expected the forms in words, for messages: `a number or a mapping`
 */
export function byKind<T>(
  forms: { readonly [Kind in Node['kind']]?: Shape<T> },
  expected: string,
): Shape<T> {
  const shapes = Object.values(forms)
  const keys = shapes.find((shape) => shape.keys !== undefined)?.keys
  return {
    schema: { anyOf: shapes.map((shape) => shape.schema) },
    emptyAllowed: shapes.some((shape) => shape.emptyAllowed),
    ...(keys === undefined ? {} : { keys }),
    decode(node, context, where) {
      const shape = forms[node.kind]
      if (shape !== undefined) return shape.decode(node, context, where)
      return wrongKind(node, context, `${where} must be ${expected}`)
    },
  }
}

/**
 * A shape whose value is turned into another. `turn` may report problems and give null.
 * @param schema replaces the schema where `turn` asks for more than the shape
 */
export function mapped<T, U>(
  shape: Shape<T>,
  turn: (value: T, node: Node, context: DecodeContext, where: string) => U | null,
  schema?: JsonSchema,
): Shape<U> {
  return {
    ...shape,
    schema: schema ?? shape.schema,
    decode(node, context, where) {
      const value = shape.decode(node, context, where)
      return value === null ? null : turn(value, node, context, where)
    },
  }
}

/** A shape that keeps the place of its value. */
export function located<T>(shape: Shape<T>): Shape<Located<T>> {
  return mapped(shape, (value, node) => ({ value, node }))
}

/** A key that is part of the language and does nothing: accepted with a warning that says why. */
export function withoutEffect<T>(shape: Shape<T>, why: string): Shape<T> {
  return {
    ...shape,
    schema: { ...shape.schema, deprecated: true },
    decode(node, { reporter }, where) {
      reporter.warning('SP_PIPELINE_NO_EFFECT', node.span, `${where} has no effect: ${why}`)
      return null
    },
  }
}

/** Any value at all. */
export const ANYTHING: Shape<Node> = {
  schema: {},
  emptyAllowed: true,
  decode: (node) => node,
}

/**
 * A shape that stands once in the published schema, below `$defs`, however often it is used.
 * `json-schema.ts` lists it there under the name.
 */
export function defined<T>(name: string, shape: Shape<T>): Shape<T> {
  return { ...shape, schema: { $ref: `#/$defs/${name}` } }
}
