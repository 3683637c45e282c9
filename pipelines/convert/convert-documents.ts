import type { SourceFile } from '../diagnostic.js'
import type { Reporter } from '../diagnostics/reporter.js'
import type { Document } from '../parse/tree.js'
import { createLedger, type Ledger } from './change.js'
import { type Dialect, dialectOf, foreignDialect } from './dialect.js'
import { otherTool } from './other-tools.js'
import { convertLegacy } from './drone-legacy/convert-legacy.js'
import { withoutOtherFiles } from './woodpecker/other-files.js'
import { convertWorkflow } from './woodpecker/convert-workflow.js'

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
  reporter: Reporter,
): DialectDocument[] {
  const ledger = createLedger(reporter)
  const convert = files.length === 1 ? convertAlone : convertFile
  return files.flatMap((file) => {
    if (refuseOtherTool(file.documents, reporter)) return []
    const dialect = dialectOf(file.source, file.documents)
    if (dialect === 'sandpiper' && refuseForeign(file.documents, reporter)) return []
    return convert(file, dialect, ledger).map((document) => ({ document, dialect }))
  })
}

/** Converts a file that is looked at without the others of its folder. */
export function convertAlone(
  file: ParsedFile,
  dialect: Dialect,
  ledger: Ledger,
): readonly Document[] {
  const converted = convertFile(file, dialect, ledger)
  return dialect === 'woodpecker' ? withoutOtherFiles(converted, ledger) : converted
}

/** Brings the documents of one file into our language. */
export function convertFile(
  { source, documents }: ParsedFile,
  dialect: Dialect,
  ledger: Ledger,
): readonly Document[] {
  switch (dialect) {
    case 'sandpiper':
    case 'drone':
      return documents
    case 'drone-0.8':
      return documents.flatMap((document) => convertLegacy(document, ledger))
    case 'woodpecker': {
      const name = workflowName(source.file)
      return documents.map((document) => convertWorkflow(document, name, ledger))
    }
  }
}

/** Woodpecker calls a workflow by its file, without folder, leading dot and extension. */
function workflowName(file: string): string {
  const base = file.slice(file.lastIndexOf('/') + 1)
  return base.replace(/^\./, '').replace(/\.ya?ml$/i, '') || 'default'
}

/** What there is no converter for. @returns whether it is that */
export function refuseOtherTool(documents: readonly Document[], reporter: Reporter): boolean {
  const tool = otherTool(documents)
  if (tool === undefined) return false
  const start = documents[0]?.root.span.start ?? 0
  const message = `this is a file of ${tool}, which is not read here`
  const hint =
    'there is no converter for it: write the pipeline anew, starting with `kind: pipeline`'
  reporter.error('SP_PIPELINE_FOREIGN', { start, end: start }, message, hint)
  return true
}

const TOOLS = { 'drone-0.8': 'Drone 0.8', drone: 'Drone', woodpecker: 'Woodpecker' } as const

/** Our own file name means our own language. @returns whether it is another one */
function refuseForeign(documents: readonly Document[], reporter: Reporter): boolean {
  const foreign = foreignDialect(documents)
  if (foreign === undefined || foreign === 'sandpiper' || foreign === 'drone') return false
  const span = documents[0]?.root.span ?? { start: 0, end: 0 }
  const message = `this is a pipeline of ${TOOLS[foreign]}`
  const hint = `\`sandpiper convert --from ${foreign}\` turns it into one of ours`
  reporter.error('SP_PIPELINE_FOREIGN', { start: span.start, end: span.start }, message, hint)
  return true
}
