import { quote } from '../diagnostics/quote.js'
import type { Reporter } from '../diagnostics/reporter.js'
import type { Edge, GraphNode } from './graph.js'

const NAMES_SHOWN_MAX = 12

/**
 * Reports the edges that close a cycle, with the way around it; at least one for each tangle of nodes
 * that wait for each other. A depth-first search with a stack of its own: a chain may be as long as
 * the file allows.
 */
export function reportCycles(nodes: readonly GraphNode[], what: string, reporter: Reporter): void {
  const byName = new Map(nodes.map((node) => [node.name, node]))
  const finished = new Set<string>()
  for (const node of nodes) {
    if (!finished.has(node.name)) searchFrom(node, byName, finished, what, reporter)
  }
}

function searchFrom(
  start: GraphNode,
  byName: ReadonlyMap<string, GraphNode>,
  finished: Set<string>,
  what: string,
  reporter: Reporter,
): void {
  const path = [{ node: start, next: 0 }]
  const onPath = new Map([[start.name, 0]])
  for (let top = path.at(-1); top !== undefined; top = path.at(-1)) {
    const edge = top.node.dependsOn[top.next]
    top.next += 1
    if (edge === undefined) {
      path.pop()
      onPath.delete(top.node.name)
      finished.add(top.node.name)
      continue
    }
    const from = onPath.get(edge.name)
    const target = byName.get(edge.name)
    if (from !== undefined) {
      reportCycle(
        path.slice(from).map((step) => step.node.name),
        edge,
        what,
        reporter,
      )
    } else if (target !== undefined && !finished.has(edge.name)) {
      onPath.set(edge.name, path.length)
      path.push({ node: target, next: 0 })
    }
  }
}

function reportCycle(names: readonly string[], edge: Edge, what: string, reporter: Reporter): void {
  const shown = names.length <= NAMES_SHOWN_MAX ? names : names.slice(0, NAMES_SHOWN_MAX)
  const rest = names.length > shown.length ? ' -> ...' : ''
  const way = `${shown.map(quote).join(' -> ')}${rest} -> ${quote(edge.name)}`
  const message = `${what}s wait for each other: ${way}`
  reporter.error('SP_PIPELINE_CYCLE', edge.span, message, 'remove one of these dependencies')
}
