import { quote } from '../diagnostics/quote.js'
import { isNull, type MapNode } from '../parse/tree.js'
import { wrongKind } from './scalars.js'
import type { DecodeContext, Decoded, JsonSchema, Shape } from './shape.js'
import { reportUnknownKey, type UnknownKeyRules } from './unknown-key.js'

/** One key of an object of the language. */
export interface Key<T> {
  readonly shape: Shape<T>
  /** For people, in Markdown: shown by editors, and in the reference. */
  readonly description: string
  readonly required?: boolean
  /** What holds when the key is not there; for people and editors. */
  readonly default?: string | number | boolean
  /** A line or more of YAML with the key in it. */
  readonly example?: string
  /** Whose key it is: Drone 1.x has it too, or only Sandpiper. Default: `drone`. */
  readonly origin?: 'drone' | 'sandpiper'
}

export type Keys = Readonly<Record<string, Key<unknown>>>

/**
 * The keys that could be read, and as `node` the object's own place, which takes that name from a key.
 * A key that was refused is undefined.
 */
export type DecodedObject<K extends Keys> = {
  readonly [Name in Exclude<keyof K, 'node'>]: Decoded<K[Name]['shape']> | undefined
} & { readonly node: MapNode }

export interface ObjectOptions extends UnknownKeyRules {
  /** What the object is called in messages, together with its `name`. */
  readonly noun?: string
}

/** An object with known keys; any other key is told, see `reportUnknownKey`. */
export function object<K extends Keys>(
  keys: K,
  options: ObjectOptions = {},
): Shape<DecodedObject<K>> {
  return {
    schema: objectSchema(keys),
    emptyAllowed: true,
    keys,
    decode(node, context, where) {
      if (node.kind !== 'map') return wrongKind(node, context, `${where} must be a mapping`)
      return decodeObject(keys, options, node, context, nameOf(node, options.noun) ?? where)
    },
  }
}

/** Decodes a node that is known to be a mapping. */
export function decodeObject<K extends Keys>(
  keys: K,
  options: ObjectOptions,
  node: MapNode,
  context: DecodeContext,
  where: string,
): DecodedObject<K> {
  const values: Record<string, unknown> = {}
  for (const entry of node.entries.values()) {
    if (!Object.hasOwn(keys, entry.key)) {
      reportUnknownKey(Object.keys(keys), options, { entry, node }, context)
    }
  }
  for (const [name, key] of Object.entries(keys)) {
    values[name] = decodeKey(name, key, node, context, where)
  }
  return { ...values, node } as DecodedObject<K>
}

/** `step "build"`, or `a step` when it has no name. */
function nameOf(node: MapNode, noun: string | undefined): string | undefined {
  if (noun === undefined) return undefined
  const name = node.entries.get('name')?.value
  return name?.kind === 'scalar' && name.text !== '' ? `${noun} ${quote(name.text)}` : `a ${noun}`
}

function decodeKey(
  name: string,
  { shape, required }: Key<unknown>,
  node: MapNode,
  context: DecodeContext,
  where: string,
): unknown {
  const entry = node.entries.get(name)
  if (entry !== undefined && !(isNull(entry.value) && (shape.emptyAllowed || required === true))) {
    if (!isNull(entry.value)) {
      return shape.decode(entry.value, context, `\`${name}\``) ?? undefined
    }
    const message = `\`${name}\` has no value`
    context.reporter.warning('SP_PIPELINE_NO_EFFECT', entry.keySpan, message)
    return undefined
  }
  if (required === true) {
    const message = `${where} needs the key \`${name}\``
    context.reporter.error('SP_PIPELINE_MISSING_KEY', entry?.keySpan ?? node.span, message)
  }
  return undefined
}

/** JSON Schema of an object with these keys. */
export function objectSchema(keys: Keys): JsonSchema {
  const required = Object.keys(keys).filter((name) => keys[name]?.required === true)
  return {
    type: 'object',
    properties: Object.fromEntries(
      Object.entries(keys).map(([name, key]) => [name, keySchema(key)]),
    ),
    additionalProperties: false,
    ...(required.length === 0 ? {} : { required }),
  }
}

function keySchema({ shape, description, required, default: fallback }: Key<unknown>): JsonSchema {
  const isNullable = shape.emptyAllowed && required !== true
  const schema = isNullable ? orNull(shape.schema) : shape.schema
  return { description, ...schema, ...(fallback === undefined ? {} : { default: fallback }) }
}

function orNull(schema: JsonSchema): JsonSchema {
  if (Array.isArray(schema['anyOf'])) {
    return { ...schema, anyOf: [...(schema['anyOf'] as unknown[]), { type: 'null' }] }
  }
  if (schema['type'] === undefined) return { anyOf: [schema, { type: 'null' }] }
  return { ...schema, type: [schema['type'], 'null'].flat() }
}
