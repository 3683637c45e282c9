import { quote } from '../diagnostics/quote.js'
import { isNull, type MapNode, type Node } from '../parse/tree.js'
import { text, type TextRules, wrong, wrongKind } from './scalars.js'
import type { DecodeContext, Located, Shape } from './shape.js'

/** The elements of a list that could be read, and the list's own place. */
export interface LocatedList<T> {
  readonly items: readonly T[]
  readonly node: Node
}

/** A list of at least one; `itemsMax` keeps a hostile file from making work of it. */
export function list<T>(item: Shape<T>, itemsMax: number): Shape<LocatedList<T>> {
  return {
    schema: { type: 'array', items: item.schema, minItems: 1, maxItems: itemsMax },
    emptyAllowed: true,
    decode(node, context, where) {
      if (node.kind !== 'list') {
        const hint = node.kind === 'map' ? 'start each of them with `- `' : undefined
        return wrongKind(node, context, `${where} must be a list`, hint)
      }
      if (node.items.length === 0) return wrong(node, context, `${where} is empty`)
      if (node.items.length > itemsMax) {
        const message = `${where} has ${node.items.length} entries, more than ${itemsMax}`
        context.reporter.error('SP_PIPELINE_TOO_LARGE', node.span, message)
        return null
      }
      return { items: decodeItems(item, node.items, context, where), node }
    },
  }
}

function decodeItems<T>(
  item: Shape<T>,
  nodes: readonly Node[],
  context: DecodeContext,
  where: string,
): T[] {
  const items: T[] = []
  for (const node of nodes) {
    const decoded = item.decode(node, context, `an entry of ${where}`)
    if (decoded !== null) items.push(decoded)
  }
  return items
}

/** One value, or a list of them. */
export function oneOrMany<T>(item: Shape<T>): Shape<LocatedList<T>> {
  return {
    schema: { anyOf: [item.schema, { type: 'array', items: item.schema }] },
    emptyAllowed: true,
    decode(node, context, where) {
      if (node.kind === 'list') {
        return { items: decodeItems(item, node.items, context, where), node }
      }
      if (node.kind === 'map') {
        return wrongKind(node, context, `${where} must be text or a list`)
      }
      const one = item.decode(node, context, where)
      return { items: one === null ? [] : [one], node }
    },
  }
}

/** A mapping with names of the user's choice. */
export function textMap(options: {
  readonly names: TextRules
  readonly values: TextRules
}): Shape<readonly (Located<string> & { readonly name: string })[]> {
  const value = text(options.values)
  const names = new RegExp(options.names.pattern, 'u')
  return {
    schema: {
      type: 'object',
      propertyNames: { pattern: options.names.pattern },
      additionalProperties: { ...value.schema, type: ['string', 'number', 'boolean', 'null'] },
    },
    emptyAllowed: true,
    decode(node, context, where) {
      if (node.kind !== 'map') {
        return wrongKind(node, context, `${where} must be a mapping`, 'write `NAME: value`')
      }
      return [...decodeEntries(node, context, { ...options, names, value })]
    },
  }
}

function* decodeEntries(
  node: MapNode,
  context: DecodeContext,
  options: {
    readonly names: RegExp
    readonly value: Shape<Located<string>>
  },
): Generator<Located<string> & { readonly name: string }> {
  for (const entry of node.entries.values()) {
    const name = entry.key
    if (!options.names.test(name)) {
      const message = `${quote(name)} can't be the name of a variable`
      context.reporter.error('SP_PIPELINE_VALUE', entry.keySpan, message)
    }
    const value = decodeValue(entry.value, context, quote(name), options.value)
    if (value !== null) yield { name, ...value }
  }
}

function decodeValue(
  node: Node,
  context: DecodeContext,
  where: string,
  shape: Shape<Located<string>>,
): Located<string> | null {
  if (isNull(node)) return { value: '', node }
  if (node.kind === 'map' && node.entries.has('from_secret')) {
    const message = '`from_secret` is not supported yet'
    context.reporter.error('SP_PIPELINE_UNSUPPORTED', node.span, message)
    return null
  }
  if (node.kind !== 'scalar') {
    return wrong(node, context, `${where} must be text, not a list or a mapping`)
  }
  return shape.decode(node, context, where)
}
