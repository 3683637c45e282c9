import { quote } from '../../diagnostics/quote.js'
import type { Document, Entry, MapNode, Node } from '../../parse/tree.js'
import type { Ledger } from '../change.js'
import { entryAt, itemsOf, listAt, mapAt, scalarAt, textOf, valueOf, withValue } from '../nodes.js'

/**
 * A workflow alone can't have the others that it depends on, each in a file of its own: it does without
 * them, with a warning. Where all files are at hand a missing one is a mistake, and reported as such.
 */
export function withoutOtherFiles(documents: readonly Document[], ledger: Ledger): Document[] {
  const names = new Set(documents.flatMap(({ root }) => textOf(valueOf(root, 'name')) ?? []))
  return documents.map((document) => {
    const { root } = document
    const entry = root.kind === 'map' ? root.entries.get('depends_on') : undefined
    if (root.kind !== 'map' || entry === undefined) return document
    const items = itemsOf(entry.value).map((item) => optional(item, names, ledger))
    const changed = withValue(entry, listAt(items, entry.value.span))
    return { ...document, root: withEntry(root, changed) }
  })
}

function withEntry(root: MapNode, entry: Entry): MapNode {
  return mapAt([...new Map(root.entries).set(entry.key, entry).values()], root.span)
}

function optional(item: Node, names: ReadonlySet<string>, ledger: Ledger): Node {
  const name = textOf(item)
  if (name === undefined || names.has(name)) return item
  const message = `the workflow ${quote(name)} is in another file: this one does without it here`
  ledger.check(item.span, message)
  ledger.reporter.warning('SP_PIPELINE_UNKNOWN_DEPENDENCY', item.span, message)
  const { span } = item
  return mapAt([entryAt('name', item, span), entryAt('optional', scalarAt(true, span), span)], span)
}
