import type { Diagnostic } from '../../pipelines/diagnostic.js'

/** What is dubious about a build that could be made all the same. Plain JSON, kept with the build. */
export interface BuildWarning {
  readonly code: string
  readonly message: string
  /** Empty when it is about no file; line and column are 0 then. */
  readonly file: string
  readonly line: number
  readonly column: number
  /** What to do about it, or empty. */
  readonly hint: string
  /** Where the documentation has more, or empty. */
  readonly help: string
}

/** Length of all warnings of a build as JSON. */
const WARNINGS_LENGTH_MAX = 64 * 1024

/** The warnings among the diagnostics, as many as are kept. */
export function warningsOf(diagnostics: readonly Diagnostic[]): BuildWarning[] {
  return diagnostics
    .filter(({ severity }) => severity === 'warning')
    .map(({ code, message, file, start, hint = '', help }) => {
      return { code, message, file, line: start.line, column: start.column, hint, help }
    })
}

/** The warning that conditions on paths hold for want of knowing the changed files. */
export function changesUnknown(reason: string): BuildWarning {
  return {
    code: 'SP_BUILD_CHANGES_UNKNOWN',
    message: `which files changed is not known, so conditions on paths hold: ${reason}`,
    hint: '',
    help: '',
    ...{ file: '', line: 0, column: 0 },
  }
}

/** Warnings as they are stored, cut where there are too many. */
export function encodeWarnings(warnings: readonly BuildWarning[]): string {
  let length = 2
  const kept = warnings.filter((warning) => {
    length += JSON.stringify(warning).length + 1
    return length <= WARNINGS_LENGTH_MAX
  })
  return JSON.stringify(kept)
}
