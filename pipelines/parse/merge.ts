import type { Span } from '../diagnostics/reporter.js'
import type { TreeContext } from './build-tree.js'
import type { Entry, MapNode, Node } from './tree.js'

/**
 * Does a YAML merge key (`<<: *defaults`, `<<: [*one, *other]`): keys that are already there stay,
 * of several merged mappings the first that has a key gives it. Copies are counted against the budget.
 * Source: https://yaml.org/type/merge.html
 */
export function mergeInto(
  context: TreeContext,
  entries: Map<string, Entry>,
  value: Node,
  span: Span,
): void {
  const sources = value.kind === 'list' ? value.items : [value]
  for (const source of sources) {
    if (source.kind === 'map') mergeOne(context, entries, source)
    else {
      const message = 'a merge key needs a mapping, or a list of mappings'
      context.reporter.error('SP_PIPELINE_YAML', span, message, 'write `<<: *name`')
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
