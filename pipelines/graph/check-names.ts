import { didYouMean } from '../diagnostics/did-you-mean.js'
import { quote } from '../diagnostics/quote.js'
import type { Reporter, Span } from '../diagnostics/reporter.js'
import type { GraphNode } from './graph.js'

/** Reports every node whose name an earlier one has. `what` is `step` or `pipeline`. */
export function reportDuplicates(
  nodes: readonly { readonly name: string; readonly span: Span }[],
  what: string,
  reporter: Reporter,
): void {
  const seen = new Set<string>()
  for (const { name, span } of nodes) {
    if (seen.has(name)) {
      const message = `there is another ${what} with the name ${quote(name)}`
      const hint = `the name of a ${what} must be unique`
      reporter.error('SP_PIPELINE_DUPLICATE_NAME', span, message, hint)
    }
    seen.add(name)
  }
}

/** Reports every dependency on a name that isn't there. */
export function reportUnknownDependencies(
  nodes: readonly GraphNode[],
  known: ReadonlySet<string>,
  what: string,
  reporter: Reporter,
): void {
  for (const node of nodes) {
    for (const { name, span } of node.dependsOn) {
      if (known.has(name)) continue
      const message = `${quote(node.name)} depends on ${quote(name)}, but there is no such ${what}`
      const hint = () => didYouMean(name, others(known, node))
      reporter.error('SP_PIPELINE_UNKNOWN_DEPENDENCY', span, message, hint)
    }
  }
}

/** Nothing may depend on itself, so that is never what was meant. */
function others(names: ReadonlySet<string>, node: GraphNode): string[] {
  return [...names].filter((name) => name !== node.name && name !== node.pipeline)
}
