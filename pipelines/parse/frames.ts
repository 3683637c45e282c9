import { quote } from '../diagnostics/quote.js'
import type { Span } from '../diagnostics/reporter.js'
import type { TreeContext } from './build-tree.js'
import { mergeInto } from './merge.js'
import type { Entry, ListNode, MapNode, Node, ScalarNode } from './tree.js'

/** A list that is being read. */
export class ListFrame {
  readonly #budget: TreeContext['budget']
  readonly #items: Node[] = []
  #weight = 1

  constructor(
    { budget }: TreeContext,
    readonly start: number,
  ) {
    this.#budget = budget
  }

  add(node: Node): void {
    this.#items.push(node)
    this.#weight += node.weight
  }

  /**
   * Takes in the items of other lists. YAML knows merge keys for mappings only; Woodpecker has
   * `- <<: *list` for lists. Copies are counted against the budget.
   */
  splice(lists: readonly ListNode[]): void {
    for (const { items } of lists) {
      this.#budget.nodes -= items.length + 1
      if (this.#budget.nodes < 0) return // buildTrees reports it
      for (const item of items) this.add(item)
    }
  }

  finish(end: number): ListNode {
    const span = { start: this.start, end }
    return { kind: 'list', items: this.#items, weight: this.#weight, span }
  }
}

interface Merge {
  readonly value: Node
  readonly isAlias: boolean
  readonly span: Span
}

interface Key {
  readonly text: string
  readonly span: Span
  readonly isMerge: boolean
}

/** A mapping that is being read: keys and values come in turns. */
export class MapFrame {
  readonly #context: TreeContext
  readonly #entries = new Map<string, Entry>()
  readonly #merges: Merge[] = []
  #key: Key | undefined

  constructor(
    context: TreeContext,
    readonly start: number,
  ) {
    this.#context = context
  }

  add(node: Node, written: Span): void {
    const key = this.#key
    if (key === undefined) {
      this.#key = this.#keyOf(node, written)
      return
    }
    this.#key = undefined
    const isAlias = written !== node.span
    if (key.isMerge) this.#merges.push({ value: node, isAlias, span: key.span })
    else this.#set({ key: key.text, keySpan: key.span, value: node })
  }

  finish(end: number): MapNode {
    for (const { value, span } of this.#merges) mergeInto(this.#context, this.#entries, value, span)
    let weight = 1
    for (const { value } of this.#entries.values()) weight += value.weight
    return { kind: 'map', entries: this.#entries, weight, span: { start: this.start, end } }
  }

  /** The lists that it stands for when it is nothing but `<<` with a list, or a list of lists. */
  mergedLists(): readonly ListNode[] | undefined {
    const [merge, ...others] = this.#merges
    if (merge?.value.kind !== 'list' || others.length > 0 || this.#entries.size > 0)
      return undefined
    if (merge.isAlias) return [merge.value]
    const lists = merge.value.items.filter((item) => item.kind === 'list')
    return lists.length > 0 && lists.length === merge.value.items.length ? lists : undefined
  }

  #keyOf(node: Node, span: Span): Key {
    if (node.kind === 'scalar') return { text: node.text, span, isMerge: isMergeKey(node) }
    this.#context.reporter.error('SP_PIPELINE_YAML', span, 'a key must be text')
    return { text: '', span, isMerge: false }
  }

  #set(entry: Entry): void {
    if (this.#entries.has(entry.key)) {
      const message = `the key ${quote(entry.key)} is there twice`
      const hint = 'the last one counts'
      this.#context.reporter.warning('SP_PIPELINE_DUPLICATE_KEY', entry.keySpan, message, hint)
    }
    this.#entries.set(entry.key, entry)
  }
}

function isMergeKey(node: ScalarNode): boolean {
  return node.plain === true && node.text === '<<'
}
