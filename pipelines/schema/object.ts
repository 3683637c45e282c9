import { didYouMean } from '../diagnostics/did-you-mean.js'
import { quote } from '../diagnostics/quote.js'
import { type Entry, isNull, type MapNode } from '../parse/tree.js'
import { wrongKind } from './scalars.js'
import type { DecodeContext, Decoded, JsonSchema, Shape } from './shape.js'

/** One key of an object of the language. */
export interface Key<T> {
  readonly shape: Shape<T>
  /** For people: shown by editors, and in the reference. */
  readonly description: string
  readonly required?: boolean
  /** What holds when the key is not there; for people and editors. */
  readonly default?: string | number | boolean
}

export type Keys = Readonly<Record<string, Key<unknown>>>

/** The keys that could be read, and the object's own place. A key that was refused is undefined. */
export type DecodedObject<K extends Keys> = {
  readonly [Name in keyof K]: Decoded<K[Name]['shape']> | undefined
} & { readonly node: MapNode }

export interface ObjectOptions {
  /** What the object is called in messages, together with its `name`. */
  readonly noun?: string
  /** Keys of the language that this version refuses. */
  readonly unsupported: readonly string[]
  /** Required keys that are not asked for when one of these is there: it is reported already. */
  readonly insteadOf?: Readonly<Record<string, readonly string[]>>
  /** Keys that make sense elsewhere, with the hint that says so. */
  readonly misplaced?: Readonly<Record<string, string>>
  /** Allows an unknown key where that is right. */
  readonly allowUnknown?: (entry: Entry) => boolean
}

/** An object with known keys; any other key is an error that names the nearest known one. */
export function object<K extends Keys>(
  keys: K,
  options: ObjectOptions = { unsupported: [] },
): Shape<DecodedObject<K>> {
  return {
    schema: objectSchema(keys),
    emptyAllowed: true,
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
  const values: Record<string, unknown> = { node }
  for (const entry of node.entries.values()) {
    if (!Object.hasOwn(keys, entry.key)) reportUnknown(keys, options, entry, context)
  }
  for (const [name, key] of Object.entries(keys)) {
    const instead = options.insteadOf?.[name] ?? []
    const excused = instead.some((other) => node.entries.has(other))
    values[name] = decodeKey(
      name,
      excused ? { ...key, required: false } : key,
      node,
      context,
      where,
    )
  }
  return values as DecodedObject<K>
}

/** `step "build"`, or `a step` when it has no name. */
function nameOf(node: MapNode, noun: string | undefined): string | undefined {
  if (noun === undefined) return undefined
  const name = node.entries.get('name')?.value
  return name?.kind === 'scalar' && name.text !== '' ? `${noun} ${quote(name.text)}` : `a ${noun}`
}

function decodeKey(
  name: string,
  key: Key<unknown>,
  node: MapNode,
  context: DecodeContext,
  where: string,
): unknown {
  const entry = node.entries.get(name)
  if (entry === undefined || (key.shape.emptyAllowed && isNull(entry.value))) {
    if (key.required === true) {
      const message = `${where} needs the key \`${name}\``
      context.reporter.error('SP_PIPELINE_MISSING_KEY', entry?.keySpan ?? node.span, message)
    }
    return undefined
  }
  if (isNull(entry.value)) {
    const message = `\`${name}\` has no value`
    context.reporter.error('SP_PIPELINE_VALUE', entry.keySpan, message)
    return undefined
  }
  return key.shape.decode(entry.value, context, `\`${name}\``) ?? undefined
}

function reportUnknown(
  keys: Keys,
  { unsupported, misplaced, allowUnknown }: ObjectOptions,
  entry: Entry,
  { reporter }: DecodeContext,
): void {
  if (unsupported.includes(entry.key)) {
    const message = `\`${entry.key}\` is not supported yet`
    reporter.error('SP_PIPELINE_UNSUPPORTED', entry.keySpan, message)
    return
  }
  if (misplaced !== undefined && Object.hasOwn(misplaced, entry.key)) {
    const message = `\`${entry.key}\` is not allowed here`
    reporter.error('SP_PIPELINE_UNKNOWN_KEY', entry.keySpan, message, misplaced[entry.key])
    return
  }
  if (allowUnknown?.(entry) === true) return
  const hint = () => didYouMean(entry.key, [...Object.keys(keys), ...unsupported])
  const message = `unknown key ${quote(entry.key)}`
  reporter.error('SP_PIPELINE_UNKNOWN_KEY', entry.keySpan, message, hint)
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
  return { ...schema, type: [schema['type'], 'null'] }
}
