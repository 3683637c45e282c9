import type { Node, ScalarNode } from '../parse/tree.js'

/** A node as compact JSON, keys in order: what plugins get for values that are not plain. */
export function plainJson(node: Node): string {
  return JSON.stringify(plainValue(node))
}

/** Recursion is bounded by the limit on nesting. */
function plainValue(node: Node): unknown {
  switch (node.kind) {
    case 'scalar':
      return plainScalar(node)
    case 'list':
      return node.items.map(plainValue)
    case 'map': {
      const entries = [...node.entries.values()].sort((one, other) => order(one.key, other.key))
      // Not `Object.fromEntries` into a literal: `__proto__` has to be a key like any other.
      return Object.fromEntries(entries.map(({ key, value }) => [key, plainValue(value)]))
    }
  }
}

function plainScalar({ value, text }: ScalarNode): unknown {
  return typeof value === 'number' && !Number.isFinite(value) ? text : value
}

function order(one: string, other: string): number {
  return one < other ? -1 : Number(one > other)
}
