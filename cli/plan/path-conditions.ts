import type { SourceFile } from '../../pipelines/index.js'
import { createReporter } from '../../pipelines/diagnostics/reporter.js'
import { createBudget, parseSource } from '../../pipelines/parse/parse-source.js'
import type { Node } from '../../pipelines/parse/tree.js'

/** Whether pipeline files have a condition on the files that changed: then the plan depends on these. */
export function hasPathConditions(sources: readonly SourceFile[]): boolean {
  const budget = createBudget()
  // What is wrong with the files has been told already.
  const reporter = createReporter()
  const seen = new Set<Node>()
  const roots = sources.flatMap((source) => parseSource(source, budget, reporter))
  return roots.some(({ root }) => holds(root, seen))
}

function holds(node: Node, seen: Set<Node>): boolean {
  // An alias is the node itself once more.
  if (seen.has(node) || node.kind === 'scalar') return false
  seen.add(node)
  if (node.kind === 'list') return node.items.some((item) => holds(item, seen))
  return [...node.entries.values()].some(
    ({ key, value }) => (IS_CONDITION.has(key) && namesPaths(value)) || holds(value, seen),
  )
}

const IS_CONDITION = new Set(['when', 'trigger'])

function namesPaths(node: Node): boolean {
  if (node.kind === 'list')
    return node.items.some((item) => item.kind === 'map' && namesPaths(item))
  return node.kind === 'map' && (node.entries.has('paths') || node.entries.has('path'))
}
