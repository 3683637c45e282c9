import type { SourceFile } from '../diagnostic.js'
import type { Reporter } from '../diagnostics/reporter.js'
import type { Document } from '../parse/tree.js'
import { type Dialect, dialectOf } from './dialect.js'

/** The documents of one file. */
export interface ParsedFile {
  readonly source: SourceFile
  readonly documents: readonly Document[]
}

/** A document of our language, and what its file was written in. */
export interface DialectDocument {
  readonly document: Document
  readonly dialect: Dialect
}

/**
 * Brings the files into our language, each from its own. Converted nodes keep the places of what they
 * were made from, so that later problems are told where the user wrote them.
 */
export function convertDocuments(
  files: readonly ParsedFile[],
  _reporter: Reporter,
): DialectDocument[] {
  return files.flatMap(({ source, documents }) => {
    const dialect = dialectOf(source, documents)
    return documents.map((document) => ({ document, dialect }))
  })
}
