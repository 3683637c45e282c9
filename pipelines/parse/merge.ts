import type { Span } from '../diagnostics/reporter.js'
import type { TreeContext } from './build-tree.js'
import type { Entry, MapNode, Node } from './tree.js'

/**
 * Does a YAML merge key (`<<: *defaults`, `<<: [*one, *other]`): keys that are already there stay,
 * of several merged mappings the first that has a key gives it. Looking at a mapping and copying an
 * entry are counted against the budget; what can't be merged is told once.
 * Source: https://yaml.org/type/merge.html
 */
export function mergeInto(
  context: TreeContext,
  entries: Map<string, Entry>,
  value: Node,
  span: Span,
): void {
  const sources = value.kind === 'list' ? value.items : [value]
  let isTold = false
  for (const source of sources) {
    context.budget.nodes -= 1
    if (context.budget.nodes < 0) return // buildTree reports it
    if (source.kind === 'map') mergeOne(context, entries, source)
    else if (!isTold) {
      const message = 'a merge key needs a mapping, or a list of mappings'
      context.reporter.error('SP_PIPELINE_YAML', span, message, 'write `<<: *name`')
      isTold = true
    }
  }
}

function mergeOne(context: TreeContext, entries: Map<string, Entry>, source: MapNode): void {
  context.budget.nodes -= source.entries.size
  if (context.budget.nodes < 0) return // buildTree reports it
  for (const [key, entry] of source.entries) {
    if (!entries.has(key)) entries.set(key, entry)
  }
}
