import type { Reporter } from '../diagnostics/reporter.js'
import type { Document } from '../parse/tree.js'

/** One combination of a pipeline's matrix; a pipeline without one has a single, empty combination. */
export type Combination = Readonly<Record<string, string>>

/** The combinations that a document asks for, in the order of the file. */
export function combinationsOf(_document: Document, _reporter: Reporter): readonly Combination[] {
  return [{}]
}
