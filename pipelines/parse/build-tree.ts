import {
  type Document as YamlDocument,
  isAlias,
  isMap,
  isScalar,
  isSeq,
  type ParsedNode,
  type Scalar,
  type YAMLMap,
  type YAMLSeq,
} from 'yaml'
import { quote } from '../diagnostics/quote.js'
import type { Reporter, Span } from '../diagnostics/reporter.js'
import { mergedItems, mergedList } from './merge-list.js'
import { mergeInto } from './merge.js'
import type { AnchorUse, Document, Entry, ListNode, MapNode, Node, ScalarNode } from './tree.js'

/** What building a tree works with. */
export interface TreeContext {
  /** Offset that the source starts at. */
  readonly base: number
  readonly reporter: Reporter
  /** Nodes that the file may still expand to. */
  readonly budget: { nodes: number }
  readonly anchors: Map<string, Node>
  readonly uses: AnchorUse[]
}

/**
 * Turns a composed document into our tree. Recursion is bounded by the limit on nesting: an alias is
 * looked up, never walked into.
 * @param base offset that the source starts at, for the reporter
 * @param budget is drawn on; when it is used up that is reported
 * @returns undefined when the document expands to more than is left
 */
export function buildTree(
  document: YamlDocument.Parsed,
  base: number,
  budget: { nodes: number },
  reporter: Reporter,
): Document | undefined {
  const context: TreeContext = { base, reporter, budget, anchors: new Map(), uses: [] }
  const root = convert(context, document.contents, document.range[0])
  budget.nodes -= root.weight
  if (budget.nodes >= 0) return { root, anchorUses: context.uses }
  const message = 'with its aliases written out the file is too large'
  reporter.error('SP_PIPELINE_TOO_LARGE', startOf(root.span), message)
  return undefined
}

function convert(context: TreeContext, node: ParsedNode | null, offset: number): Node {
  if (node === null) {
    const at = context.base + offset
    return scalarNode(null, '', { start: at, end: at })
  }
  if (isAlias(node)) return resolveAlias(context, node.source, spanOf(context, node))
  const converted = convertContent(context, node)
  if (node.anchor !== undefined) context.anchors.set(node.anchor, converted)
  return converted
}

function convertContent(context: TreeContext, node: ParsedNode): Node {
  if (isMap(node)) return convertMap(context, node)
  if (isSeq(node)) return convertList(context, node)
  const span = spanOf(context, node)
  return isScalar(node) ? convertScalar(node, span) : scalarNode(null, '', span)
}

/** An alias means the last anchor of that name before it; anchors are filled in source order. */
function resolveAlias(context: TreeContext, name: string, span: Span): Node {
  const target = context.anchors.get(name)
  if (target !== undefined) {
    context.uses.push({ anchor: target.span.start, alias: span.start })
    return target
  }
  const hint = 'an anchor must come before its aliases, in the same document'
  context.reporter.error('SP_PIPELINE_YAML', span, `there is no anchor &${quote(name)}`, hint)
  return scalarNode(null, '', span)
}

function convertList(context: TreeContext, node: YAMLSeq.Parsed): ListNode {
  const items = node.items.flatMap((item) => convertItem(context, item, node.range[0]))
  const weight = items.reduce((sum, item) => sum + item.weight, 1)
  return { kind: 'list', items, weight, span: spanOf(context, node) }
}

/** An item of a list, or the items of the list that it merges in. */
function convertItem(
  context: TreeContext,
  item: ParsedNode | null,
  offset: number,
): readonly Node[] {
  const value = mergedList(context, item)
  if (value === undefined) return [convert(context, item, offset)]
  return mergedItems(context, value, convert(context, value, offset))
}

function convertMap(context: TreeContext, node: YAMLMap.Parsed): MapNode {
  const entries = new Map<string, Entry>()
  const merges: { readonly value: Node; readonly span: Span }[] = []
  for (const pair of node.items) {
    const key = convertKey(context, pair.key, node.range[0])
    const value = convert(context, pair.value, key.span.end - context.base)
    if (isMergeKey(pair.key)) merges.push({ value, span: key.span })
    else addEntry(context, entries, { key: key.text, keySpan: key.span, value })
  }
  for (const merge of merges) mergeInto(context, entries, merge.value, merge.span)
  let weight = 1
  for (const entry of entries.values()) weight += entry.value.weight
  return { kind: 'map', entries, weight, span: spanOf(context, node) }
}

/** Whether a key is the one that merges. */
export function isMergeKey(key: unknown): boolean {
  return isScalar(key) && key.type === 'PLAIN' && key.source === '<<'
}

function convertKey(context: TreeContext, node: ParsedNode | null, offset: number): ScalarNode {
  const key = convert(context, node, offset)
  if (key.kind === 'scalar') return key
  context.reporter.error('SP_PIPELINE_YAML', key.span, 'a key must be text')
  return scalarNode('', '', key.span)
}

function addEntry(context: TreeContext, entries: Map<string, Entry>, entry: Entry): void {
  if (entries.has(entry.key)) {
    const message = `the key ${quote(entry.key)} is there twice`
    context.reporter.warning(
      'SP_PIPELINE_DUPLICATE_KEY',
      entry.keySpan,
      message,
      'the last one counts',
    )
  }
  entries.set(entry.key, entry)
}

function convertScalar(node: Scalar, span: Span): ScalarNode {
  const { value, source } = node
  switch (typeof value) {
    case 'string':
      return { ...scalarNode(value, value, span), plain: node.type === 'PLAIN' }
    case 'number':
    case 'boolean':
      return scalarNode(value, source ?? String(value), span)
    default:
      return scalarNode(null, '', span)
  }
}

function scalarNode(value: ScalarNode['value'], text: string, span: Span): ScalarNode {
  return { kind: 'scalar', value, text, span, weight: 1 }
}

function spanOf(
  { base }: TreeContext,
  node: { readonly range?: readonly [number, number, number] | null },
): Span {
  const [start, end] = node.range ?? [0, 0]
  return { start: base + start, end: base + end }
}

function startOf(span: Span): Span {
  return { start: span.start, end: span.start }
}
