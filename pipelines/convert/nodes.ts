import type { Span } from '../diagnostics/reporter.js'
import { GLOB_LENGTH_MAX } from '../limits.js'
import type { Entry, ListNode, MapNode, Node, ScalarNode } from '../parse/tree.js'

/** Builders of nodes that stand for something in the source: each is told what it was made of. */

/** Text, or a flag or number, that stands for `span`. */
export function scalarAt(value: string | number | boolean, span: Span): ScalarNode {
  return { kind: 'scalar', value, text: String(value), span, weight: 1 }
}

export function listAt(items: readonly Node[], span: Span): ListNode {
  return { kind: 'list', items, span, weight: items.reduce((sum, item) => sum + item.weight, 1) }
}

/** A mapping; of two entries with one key the later one is in it. */
export function mapAt(list: Iterable<Entry>, span: Span): MapNode {
  const entries = new Map<string, Entry>()
  for (const entry of list) entries.set(entry.key, entry)
  let weight = 1
  for (const entry of entries.values()) weight += entry.value.weight
  return { kind: 'map', entries, span, weight }
}

/** An entry that stands for `span`. */
export function entryAt(key: string, value: Node, span: Span): Entry {
  return { key, keySpan: span, value }
}

/** The same entry under another key. */
export function renamed(entry: Entry, key: string): Entry {
  return { ...entry, key }
}

/** The same entry with another value. */
export function withValue(entry: Entry, value: Node): Entry {
  return { ...entry, value }
}

/** The first character of a node: where what it implies is said to be. */
export function startOf({ span }: Node): Span {
  return { start: span.start, end: span.start }
}

export function isTrue(node: Node | undefined): boolean {
  return node?.kind === 'scalar' && node.value === true
}

/** A scalar as it was written; undefined for what is none, or empty. */
export function textOf(node: Node | undefined): string | undefined {
  return node?.kind === 'scalar' && node.value !== null ? node.text : undefined
}

/** What is in a list, or the one thing that stands in its place; nothing when it is empty. */
export function itemsOf(node: Node | undefined): readonly Node[] {
  if (node === undefined || (node.kind === 'scalar' && node.value === null)) return []
  return node.kind === 'list' ? node.items : [node]
}

/** A list where other tools allow one text for it. */
export function asList(node: Node): Node {
  return node.kind === 'scalar' && node.value !== null ? listAt([node], node.span) : node
}

/** The value of a key of a mapping. */
export function valueOf(node: Node | undefined, key: string): Node | undefined {
  return node?.kind === 'map' ? node.entries.get(key)?.value : undefined
}

/** The texts of one, of a list, or of `include` and `exclude`, each put through `change`. */
export function mapTexts(node: Node, change: (text: string) => string): Node {
  if (node.kind === 'list') {
    return listAt(
      node.items.map((item) => mapTexts(item, change)),
      node.span,
    )
  }
  if (node.kind === 'map') {
    const entries = [...node.entries.values()]
    return mapAt(
      entries.map((entry) => withValue(entry, mapTexts(entry.value, change))),
      node.span,
    )
  }
  const text = textOf(node)
  // What is too long for a pattern is refused later; aliases could make very much text of it here.
  if (text === undefined || text.length > GLOB_LENGTH_MAX) return node
  const changed = change(text)
  return changed === text ? node : scalarAt(changed, node.span)
}
