import type { Diagnostic, SourceFile } from '../../pipelines/index.js'

/** What checking a file gave. */
export interface LintedFile {
  readonly file: string
  readonly ok: boolean
  readonly diagnostics: readonly Diagnostic[]
}

/**
 * The diagnostics of files that were compiled together, each with its file. Those of included files go
 * with the first one. A file is ok without errors; strictly, without warnings too.
 */
export function lintedFiles(
  sources: readonly SourceFile[],
  diagnostics: readonly Diagnostic[],
  strict: boolean,
): LintedFile[] {
  const names = new Set(sources.map(({ file }) => file))
  return sources.map(({ file }, index) => {
    const own = diagnostics.filter(
      (one) => one.file === file || (index === 0 && !names.has(one.file)),
    )
    const ok = own.every(({ severity }) => severity !== 'error' && !strict)
    return { file, ok, diagnostics: own }
  })
}
