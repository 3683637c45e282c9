import type { Entry, MapNode, Node } from '../parse/tree.js'
import { isNull } from '../parse/tree.js'
import { entryAt, isTrue, scalarAt, textOf, valueOf, withValue } from './nodes.js'

/** A step, service or step of `clone`, with the name that its tool gives it. */
export interface NamedStep {
  readonly name: string
  /** What says the name: the step's own key, or the key that it stands under. */
  readonly nameEntry: Entry
  readonly node: Node
}

/**
 * Steps of a list, or of a mapping by name, in order. The name in a step wins over its key.
 * @param fallback the name of the n-th step, from 0, of a list that says none
 */
export function namedSteps(
  node: Node | undefined,
  fallback: (index: number) => string,
): NamedStep[] {
  if (node === undefined || isNull(node)) return []
  if (node.kind === 'map') return [...node.entries.values()].map(fromEntry)
  if (node.kind === 'scalar') return []
  return node.items.map((item, index) => named(item, fallback(index), item.span))
}

function fromEntry({ key, keySpan, value }: Entry): NamedStep {
  return named(value, key, keySpan)
}

function named(node: Node, fallback: string, span: Entry['keySpan']): NamedStep {
  const own = valueOf(node, 'name')
  const name = textOf(own)
  if (own !== undefined && name !== undefined && name !== '') {
    return { name, node, nameEntry: entryAt('name', own, own.span) }
  }
  const at = { start: span.start, end: span.start + Math.min(1, span.end - span.start) }
  return { name: fallback, node, nameEntry: entryAt('name', scalarAt(fallback, span), at) }
}

/** `pull: true` of older tools. */
export function pullEntry(entry: Entry): Entry[] {
  if (isTrue(entry.value)) return [withValue(entry, scalarAt('always', entry.value.span))]
  const isUnset = entry.value.kind === 'scalar' && entry.value.value === false
  return isUnset || isNull(entry.value) ? [] : [entry]
}

/** The keys of a step that are there and have a value. */
export function setEntries(step: MapNode): Entry[] {
  return [...step.entries.values()].filter(({ value }) => !isNull(value))
}
