import type { Reporter } from '../diagnostics/reporter.js'
import type { Document } from '../parse/tree.js'

export interface Substituted {
  readonly document: Document
  /**
   * Variables for the stage's environment: values that can't stand in the text of a shell command
   * reach it through these.
   */
  readonly environment: Readonly<Record<string, string>>
}

/**
 * Replaces `${VAR}` in the scalars of a document.
 * @param variables what is known when the build is compiled
 */
export function substituteDocument(
  document: Document,
  _variables: Readonly<Record<string, string>>,
  _reporter: Reporter,
): Substituted {
  return { document, environment: {} }
}
