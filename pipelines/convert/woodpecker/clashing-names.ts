import type { Document, Node } from '../../parse/tree.js'
import type { Ledger } from '../change.js'
import { listAt, mapAt, scalarAt, withValue } from '../nodes.js'

/** Variables that mean something else in our language, and what has Woodpecker's meaning there. */
const CLASHING = /\bCI_REPO_NAME\b/g
const INSTEAD = 'DRONE_REPO_NAME'

/** Likewise, but nothing of ours has Woodpecker's meaning. */
const DIFFERENT = /\b(CI_COMMIT_AUTHOR|CI_SYSTEM_NAME)\b/g

/**
 * Makes a converted file independent of what it was written in: a file of ours has Drone's meaning of
 * the names that both tools have. Shared nodes are done once.
 */
export function withoutClashes({ root, ...rest }: Document, ledger: Ledger): Document {
  return { ...rest, root: rewrite(root, new Map(), ledger) }
}

function rewrite(node: Node, done: Map<Node, Node>, ledger: Ledger): Node {
  const known = done.get(node)
  if (known !== undefined) return known
  const result = rewriteContent(node, done, ledger)
  done.set(node, result)
  return result
}

function rewriteContent(node: Node, done: Map<Node, Node>, ledger: Ledger): Node {
  if (node.kind === 'list') {
    return listAt(
      node.items.map((item) => rewrite(item, done, ledger)),
      node.span,
    )
  }
  if (node.kind === 'map') {
    const entries = [...node.entries.values()]
    return mapAt(
      entries.map((entry) => withValue(entry, rewrite(entry.value, done, ledger))),
      node.span,
    )
  }
  if (typeof node.value !== 'string') return node
  for (const [name] of node.text.matchAll(DIFFERENT)) {
    ledger.check(node.span, `\`${name}\` has another value in a file of Sandpiper's own`)
  }
  const text = node.text.replace(CLASHING, INSTEAD)
  if (text === node.text) return node
  ledger.changed(node.span, `\`CI_REPO_NAME\` is called \`${INSTEAD}\`: ours has the owner in it`)
  return scalarAt(text, node.span)
}
