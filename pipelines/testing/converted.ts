import { createReporter } from '../diagnostics/reporter.js'
import { createBudget, parseSource } from '../parse/parse-source.js'
import type { Node } from '../parse/tree.js'
import { convertDocuments } from '../convert/convert-documents.js'

/** The documents that a file is converted to, as plain values; for tests. */
export function converted(text: string, file: string): unknown[] {
  const reporter = createReporter()
  const source = { file, text }
  const documents = parseSource(source, createBudget(), reporter)
  const result = convertDocuments([{ source, documents }], reporter)
  return result.map(({ document }) => plain(document.root))
}

function plain(node: Node): unknown {
  switch (node.kind) {
    case 'scalar':
      return node.value
    case 'list':
      return node.items.map(plain)
    case 'map':
      return Object.fromEntries(
        [...node.entries.values()].map(({ key, value }) => [key, plain(value)]),
      )
  }
}
