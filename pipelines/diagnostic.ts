/** A place in a file; lines and columns start at 1, columns count UTF-16 code units. */
export interface Position {
  readonly line: number
  readonly column: number
}

/** A file as it was given to the compiler. */
export interface SourceFile {
  /** Path from the root of the repo, or as the user wrote it; what messages call it. */
  readonly file: string
  readonly text: string
}

/** One thing wrong, or dubious, in a pipeline file. */
export interface Diagnostic {
  /** Stable code, `SP_PIPELINE_...`; see docs/errors.md. */
  readonly code: string
  readonly severity: 'error' | 'warning'
  readonly message: string
  /** `SourceFile.file` of the file that it is in. */
  readonly file: string
  readonly start: Position
  readonly end: Position
  /** What to do about it. */
  readonly hint?: string
  /** Where the documentation has more: a path from the root of the project, with anchor. */
  readonly help: string
}
