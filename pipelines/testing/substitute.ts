import type { Diagnostic } from '../diagnostic.js'
import { createReporter } from '../diagnostics/reporter.js'
import { createBudget, parseSource } from '../parse/parse-source.js'
import type { Document, Node } from '../parse/tree.js'
import {
  substituteDocument,
  type SubstitutionOptions,
} from '../substitution/substitute-document.js'
import { fileOf } from './compile.js'

export interface SubstitutedText {
  /** The document as plain values. */
  readonly value: unknown
  readonly document: Document
  readonly environment: Readonly<Record<string, string>>
  readonly diagnostics: readonly Diagnostic[]
}

/** Substitutes in the only document of a source. */
export function substituteText(
  source: string,
  variables: Readonly<Record<string, string>>,
  options: SubstitutionOptions = {},
): SubstitutedText {
  const reporter = createReporter()
  const [document] = parseSource(fileOf(source), createBudget(), reporter)
  if (document === undefined) throw new Error(JSON.stringify(reporter.diagnostics()))
  const substituted = substituteDocument(document, variables, reporter, options)
  const diagnostics = reporter.diagnostics()
  return { ...substituted, value: valueOf(substituted.document.root), diagnostics }
}

function valueOf(node: Node): unknown {
  switch (node.kind) {
    case 'scalar':
      return node.value
    case 'list':
      return node.items.map(valueOf)
    case 'map':
      return Object.fromEntries([...node.entries].map(([key, { value }]) => [key, valueOf(value)]))
  }
}
