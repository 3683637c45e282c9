import { isAlias, isMap, isSeq, type ParsedNode } from 'yaml'
import { isMergeKey, type TreeContext } from './build-tree.js'
import type { Node } from './tree.js'

/**
 * The value of `- <<: *list`: an item that is nothing but a merge key whose value is a list, by alias,
 * or a list of such aliases. YAML knows merge keys for mappings only; Woodpecker has them for lists, and
 * `<<` with a list of mappings still means that.
 * @returns undefined for any other item
 */
export function mergedList(
  { anchors }: TreeContext,
  item: ParsedNode | null,
): ParsedNode | undefined {
  if (!isMap(item) || item.items.length !== 1 || item.anchor !== undefined) return undefined
  const [pair] = item.items
  const value = pair?.value
  if (value === undefined || value === null || !isMergeKey(pair?.key)) return undefined
  const isList = (node: unknown): boolean =>
    isAlias(node) && anchors.get(node.source)?.kind === 'list'
  if (isList(value)) return value
  return isSeq(value) && value.items.length > 0 && value.items.every(isList) ? value : undefined
}

/** The items of the lists that `mergedList` found. Copies are counted against the budget. */
export function mergedItems(
  { budget }: TreeContext,
  value: ParsedNode,
  converted: Node,
): readonly Node[] {
  const lists = isSeq(value) && converted.kind === 'list' ? converted.items : [converted]
  return lists.flatMap((list) => {
    if (list.kind !== 'list') return [list]
    budget.nodes -= list.items.length
    return budget.nodes < 0 ? [] : list.items // buildTree reports it
  })
}
