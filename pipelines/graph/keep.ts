import { EDGES_MAX } from '../limits.js'

/** Names of dependencies by name of the node. */
export type Dependencies = ReadonlyMap<string, readonly string[]>

/**
 * The graph of the nodes that are kept: a dependency on a node that is left out is replaced by that
 * node's own dependencies, so that what was in order stays in order.
 * @param graph has no cycle and no unknown name
 * @returns undefined when the graph would have more than `EDGES_MAX` edges
 */
export function keepNodes(
  graph: Dependencies,
  isKept: (name: string) => boolean,
): Dependencies | undefined {
  const bridged = new Map<string, readonly string[]>()
  let edges = 0
  for (const name of dependenciesFirst(graph)) {
    const kept = new Set<string>()
    for (const dependency of graph.get(name) ?? []) {
      const through = isKept(dependency) ? [dependency] : (bridged.get(dependency) ?? [])
      for (const one of through) kept.add(one)
      edges += through.length
      if (edges > EDGES_MAX) return undefined
    }
    bridged.set(name, [...kept])
  }
  return new Map([...graph.keys()].filter(isKept).map((name) => [name, bridged.get(name) ?? []]))
}

/** All names, each after the ones it depends on. */
function dependenciesFirst(graph: Dependencies): string[] {
  const waiting = new Map<string, number>()
  const dependents = new Map<string, string[]>()
  for (const [name, dependencies] of graph) {
    waiting.set(name, dependencies.length)
    for (const dependency of dependencies) {
      const known = dependents.get(dependency)
      if (known === undefined) dependents.set(dependency, [name])
      else known.push(name)
    }
  }
  const ordered = [...graph.keys()].filter((name) => waiting.get(name) === 0)
  for (const name of ordered) {
    for (const dependent of dependents.get(name) ?? []) {
      const left = (waiting.get(dependent) ?? 0) - 1
      waiting.set(dependent, left)
      if (left === 0) ordered.push(dependent)
    }
  }
  return ordered
}
