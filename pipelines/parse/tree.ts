import type { Span } from '../diagnostics/reporter.js'

/**
 * The YAML of one document as the rest of the compiler sees it: aliases and merge keys are resolved,
 * keys are text, and every node knows its place. Nodes may be shared (that is what an alias is), so a
 * tree must not be walked without the bound that `weight` gives.
 */
export type Node = ScalarNode | ListNode | MapNode

interface NodeBase {
  readonly span: Span
  /** Nodes that this one stands for, itself included, when every alias is written out. */
  readonly weight: number
}

export interface ScalarNode extends NodeBase {
  readonly kind: 'scalar'
  readonly value: string | number | boolean | null
  /** As it was written: `1.10` where `value` is 1.1. Quotes, folding and escapes are resolved. */
  readonly text: string
  /** Text that stands without quotes and is no block: what it means depends on how it looks. */
  readonly plain?: boolean
}

export interface ListNode extends NodeBase {
  readonly kind: 'list'
  readonly items: readonly Node[]
}

export interface MapNode extends NodeBase {
  readonly kind: 'map'
  /** In source order, keys that merge keys brought in last; no key is there twice. */
  readonly entries: ReadonlyMap<string, Entry>
}

export interface Entry {
  readonly key: string
  readonly keySpan: Span
  readonly value: Node
}

/** One use of an anchor. */
export interface AnchorUse {
  /** Offset of the anchored node. */
  readonly anchor: number
  /** Offset of the alias. */
  readonly alias: number
}

export interface Document {
  readonly root: Node
  readonly anchorUses: readonly AnchorUse[]
}

/** What the value is called in messages. */
export function describeKind(node: Node): string {
  switch (node.kind) {
    case 'list':
      return 'a list'
    case 'map':
      return 'a mapping'
    case 'scalar':
      if (node.value === null) return 'empty'
      return typeof node.value === 'string' ? 'text' : `a ${typeof node.value}`
  }
}

/** True for a key without value, `~` and `null`. */
export function isNull(node: Node): boolean {
  return node.kind === 'scalar' && node.value === null
}
