/** A place in a file; lines and columns start at 1, columns count UTF-16 code units. */
export interface Position {
  readonly line: number
  readonly column: number
}

/** One thing wrong, or dubious, in a pipeline file. */
export interface Diagnostic {
  /** Stable code, `SP_PIPELINE_...`; see docs/errors.md. */
  readonly code: string
  readonly severity: 'error' | 'warning'
  readonly message: string
  readonly start: Position
  readonly end: Position
  /** What to do about it, when there is something to say. */
  readonly hint?: string
}
