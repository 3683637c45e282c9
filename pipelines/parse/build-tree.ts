import {
  type AliasEvent,
  COLLECTION_STYLE,
  type DocumentEvent,
  type Event,
  EVENT_ID,
  type MappingEvent,
  type ScalarEvent,
  type SequenceEvent,
} from 'js-yaml'
import { quote } from '../diagnostics/quote.js'
import type { Reporter, Span } from '../diagnostics/reporter.js'
import { endOfCollection } from './extent.js'
import { ListFrame, MapFrame } from './frames.js'
import { scalarNode } from './scalar.js'
import type { AnchorUse, Document, Node } from './tree.js'

/** What the nodes of one text are made with. */
export interface TreeContext {
  readonly text: string
  /** Puts back what is hidden from YAML in a part of the text. */
  readonly restore: (part: string) => string
  /** Offset that the text starts at, for the reporter. */
  readonly base: number
  readonly reporter: Reporter
  /** Nodes that the files may still expand to. */
  readonly budget: { nodes: number }
}

/**
 * Turns events into trees, one for each document that has content. Not recursive, so nesting costs no
 * stack; an alias is looked up, never walked into.
 * @param context its budget is drawn on; when it is used up that is reported, and the rest left out
 */
export function buildTrees(events: readonly Event[], context: TreeContext): Document[] {
  const documents: Document[] = []
  let builder: TreeBuilder | undefined
  for (const event of events) {
    if (event.type === EVENT_ID.DOCUMENT) builder = new TreeBuilder(context)
    else if (builder?.take(event) === true) {
      const document = finish(builder, context)
      if (document === 'too large') return documents
      if (document !== undefined) documents.push(document)
      builder = undefined
    }
  }
  return documents
}

function finish(
  { root, uses }: TreeBuilder,
  { budget, reporter }: TreeContext,
): Document | 'too large' | undefined {
  if (root === undefined || isNothing(root)) return undefined
  budget.nodes -= root.weight
  if (budget.nodes >= 0) return { root, anchorUses: uses }
  const message = 'with its aliases written out the file is too large'
  const at = { start: root.span.start, end: root.span.start }
  reporter.error('SP_PIPELINE_TOO_LARGE', at, message)
  return 'too large'
}

function isNothing(root: Node): boolean {
  return root.kind === 'scalar' && root.value === null && root.span.start === root.span.end
}

interface OpenFrame {
  readonly frame: ListFrame | MapFrame
  /** Name of its anchor, or empty. */
  readonly anchor: string
}

/** One document. */
class TreeBuilder {
  root: Node | undefined
  readonly uses: AnchorUse[] = []
  readonly #context: TreeContext
  readonly #anchors = new Map<string, Node>()
  readonly #frames: OpenFrame[] = []
  /** Where what was read last ends: an offset in the text. */
  #end = 0

  constructor(context: TreeContext) {
    this.#context = context
  }

  /** @returns whether the document is complete */
  take(event: Exclude<Event, DocumentEvent>): boolean {
    switch (event.type) {
      case EVENT_ID.SEQUENCE:
      case EVENT_ID.MAPPING:
        this.#open(event)
        return false
      case EVENT_ID.SCALAR:
        this.#scalar(event)
        return false
      case EVENT_ID.ALIAS:
        this.#alias(event)
        return false
      case EVENT_ID.POP:
        return this.#close()
    }
  }

  #open(event: SequenceEvent | MappingEvent): void {
    this.#refuseTag(event)
    const start = this.#context.base + event.start
    const frame =
      event.type === EVENT_ID.SEQUENCE
        ? new ListFrame(this.#context, start)
        : new MapFrame(this.#context, start)
    this.#frames.push({ frame, anchor: this.#anchorOf(event) })
    this.#end = event.style === COLLECTION_STYLE.FLOW ? event.start + 1 : event.start
  }

  #close(): boolean {
    const closed = this.#frames.pop()
    if (closed === undefined) return true
    const { text, base } = this.#context
    const end = endOfCollection(text, closed.frame.start - base, this.#end)
    this.#end = end
    if (!this.#spliced(closed)) this.#add(closed.frame.finish(base + end), closed.anchor)
    return false
  }

  /** Whether what is closed was an item that stands for the items of a list. */
  #spliced({ frame, anchor }: OpenFrame): boolean {
    const parent = this.#frames.at(-1)?.frame
    if (!(parent instanceof ListFrame) || !(frame instanceof MapFrame) || anchor !== '')
      return false
    const lists = frame.mergedLists()
    if (lists === undefined) return false
    parent.splice(lists)
    return true
  }

  #scalar(event: ScalarEvent): void {
    this.#refuseTag(event)
    const node = scalarNode(event, this.#end, this.#context)
    this.#end = Math.max(this.#end, node.span.end - this.#context.base)
    this.#add(node, this.#anchorOf(event))
  }

  /** An alias means the last anchor of that name before it; anchors are filled in source order. */
  #alias({ anchorStart, anchorEnd }: AliasEvent): void {
    const { text, base, reporter } = this.#context
    const name = text.slice(anchorStart, anchorEnd)
    const span = { start: base + anchorStart - 1, end: base + anchorEnd }
    this.#end = anchorEnd
    const target = this.#anchors.get(name)
    if (target !== undefined) {
      this.uses.push({ anchor: target.span.start, alias: span.start })
      this.#add(target, '', span)
      return
    }
    const hint = 'an anchor must come before its aliases, in the same document'
    reporter.error('SP_PIPELINE_YAML', span, `there is no anchor &${quote(name)}`, hint)
    this.#add({ kind: 'scalar', value: null, text: '', span, weight: 1 }, '')
  }

  #add(node: Node, anchor: string, written: Span = node.span): void {
    if (anchor !== '') this.#anchors.set(anchor, node)
    const frame = this.#frames.at(-1)?.frame
    if (frame === undefined) this.root = node
    else frame.add(node, written)
  }

  #anchorOf({ anchorStart, anchorEnd }: { anchorStart: number; anchorEnd: number }): string {
    return anchorStart < 0 ? '' : this.#context.text.slice(anchorStart, anchorEnd)
  }

  /** Tags change what a value is; the one that says what is so anyway may stand. */
  #refuseTag({ type, tagStart, tagEnd }: SequenceEvent | MappingEvent | ScalarEvent): void {
    if (tagStart < 0) return
    const { text, base, reporter } = this.#context
    const tag = text.slice(tagStart, tagEnd)
    if (ALLOWED_TAGS[type] === tag) return
    const span = { start: base + tagStart, end: base + tagEnd }
    const hint = 'YAML tags are not used here; remove it'
    reporter.error('SP_PIPELINE_YAML', span, `the tag ${quote(tag)} is not known`, hint)
  }
}

const ALLOWED_TAGS: Readonly<Record<number, string>> = {
  [EVENT_ID.SEQUENCE]: '!!seq',
  [EVENT_ID.MAPPING]: '!!map',
  [EVENT_ID.SCALAR]: '!!str',
}
