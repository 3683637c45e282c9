import { quote } from '../diagnostics/quote.js'
import { isNull, type Node } from '../parse/tree.js'
import { text, type TextRules, wrongKind } from './scalars.js'
import type { DecodeContext, Shape } from './shape.js'

/** The elements of a list that could be read, and the list's own place. */
export interface LocatedList<T> {
  readonly items: readonly T[]
  readonly node: Node
}

/** A list; `itemsMax` keeps a hostile file from making work of it. */
export function list<T>(item: Shape<T>, itemsMax: number): Shape<LocatedList<T>> {
  return {
    schema: { type: 'array', items: item.schema, maxItems: itemsMax },
    emptyAllowed: true,
    ...(item.keys === undefined ? {} : { keys: item.keys }),
    decode(node, context, where) {
      if (node.kind !== 'list') {
        const hint = node.kind === 'map' ? 'start each of them with `- `' : undefined
        return wrongKind(node, context, `${where} must be a list`, hint)
      }
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
    ...(item.keys === undefined ? {} : { keys: item.keys }),
    decode(node, context, where) {
      if (node.kind === 'list') {
        return { items: decodeItems(item, node.items, context, where), node }
      }
      if (node.kind === 'map' && item.keys === undefined) {
        return wrongKind(node, context, `${where} must be text or a list`)
      }
      const one = item.decode(node, context, where)
      return { items: one === null ? [] : [one], node }
    },
  }
}

/** A mapping with names of the user's choice, and text for each. */
export function textMap(options: {
  readonly names: TextRules
  readonly values: TextRules
}): Shape<Readonly<Record<string, string>>> {
  const value = text(options.values)
  const names = new RegExp(options.names.pattern, 'u')
  return {
    schema: {
      type: 'object',
      propertyNames: { pattern: options.names.pattern },
      additionalProperties: value.schema,
    },
    emptyAllowed: true,
    decode(node, context, where) {
      if (node.kind !== 'map') {
        return wrongKind(node, context, `${where} must be a mapping`, 'write `name: value`')
      }
      const pairs = [...node.entries.values()].flatMap(({ key, keySpan, value: entry }) => {
        if (!names.test(key)) {
          const message = `${quote(key)} must ${options.names.rule}`
          context.reporter.error('SP_PIPELINE_VALUE', keySpan, message)
        }
        const decoded = isNull(entry) ? null : value.decode(entry, context, quote(key))
        return decoded === null ? [] : [[key, decoded.value] as const]
      })
      return Object.fromEntries(pairs)
    },
  }
}
