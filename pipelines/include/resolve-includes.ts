import type { DialectDocument } from '../convert/convert-documents.js'
import type { Reporter } from '../diagnostics/reporter.js'
import type { Budget } from '../parse/parse-source.js'

/** Files of the repo by path, as far as they have been read; null for one that is not there. */
export type RepoFiles = ReadonlyMap<string, string | null>

export interface IncludeContext {
  readonly files: RepoFiles
  readonly budget: Budget
  readonly reporter: Reporter
}

export interface ResolvedIncludes {
  readonly documents: readonly DialectDocument[]
  /** Paths that are needed and not among the files. */
  readonly wanted: readonly string[]
}

/** Puts what documents and lists of steps include in its place. */
export function resolveIncludes(
  documents: readonly DialectDocument[],
  _context: IncludeContext,
): ResolvedIncludes {
  return { documents, wanted: [] }
}
