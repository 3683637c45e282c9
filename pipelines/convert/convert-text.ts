import type { Diagnostic, SourceFile } from '../diagnostic.js'
import { quote } from '../diagnostics/quote.js'
import { createReporter, type Reporter } from '../diagnostics/reporter.js'
import { createBudget, parseSource } from '../parse/parse-source.js'
import type { Document } from '../parse/tree.js'
import { type Change, createLedger } from './change.js'
import { convertAlone, convertFile, refuseOtherTool } from './convert-documents.js'
import type { ConvertFrom } from './convert-from.js'
import { type Dialect, dialectOf, foreignDialect } from './dialect.js'
import { renderDocuments } from './render.js'
import { withoutClashes } from './woodpecker/clashing-names.js'

export interface ConvertedText {
  /** The pipelines in our language; null exactly when one of the diagnostics is an error. */
  readonly text: string | null
  /** What was converted, in the order of the source. */
  readonly changes: readonly Change[]
  readonly diagnostics: readonly Diagnostic[]
}

export interface ConvertOptions {
  /** The other files of its folder are converted too: it may depend on them. Default: false. */
  readonly amongOthers?: boolean
}

/**
 * Converts a file to text of our language. Comments are lost, and what anchors stand for is written out.
 * Whether the result compiles is another question: it has the mistakes of the source. Never throws;
 * takes time and memory as compiling does.
 */
export function convertText(
  source: SourceFile,
  from: ConvertFrom,
  options: ConvertOptions = {},
): ConvertedText {
  const reporter = createReporter()
  try {
    return convert(source, { ...options, from }, reporter)
  } catch (error) {
    const message = `the converter failed: ${quote(String(error))}`
    const hint = 'this is a bug in Sandpiper; please report it with the file'
    reporter.error('SP_PIPELINE_INTERNAL', START, message, hint)
    return { text: null, changes: [], diagnostics: reporter.diagnostics() }
  }
}

const START = { start: 0, end: 0 }

function convert(
  source: SourceFile,
  { from, amongOthers = false }: ConvertOptions & { readonly from: ConvertFrom },
  reporter: Reporter,
): ConvertedText {
  const documents = parseSource(source, createBudget(), reporter)
  const ledger = createLedger(reporter)
  if (from === 'auto' && refuseOtherTool(documents, reporter)) {
    return { text: null, changes: [], diagnostics: reporter.diagnostics() }
  }
  const dialect = from === 'auto' ? guess(source, documents) : from
  const isOurs = dialect === 'sandpiper' || dialect === 'drone'
  if (isOurs && !reporter.hasErrors()) reportOurs(dialect, reporter)
  if (!isOurs && source.text.includes('#')) noteComments(documents, ledger)
  const convertOne = amongOthers ? convertFile : convertAlone
  const onTheFly = convertOne({ source, documents }, dialect, ledger)
  const converted =
    dialect === 'woodpecker' ? onTheFly.map((one) => withoutClashes(one, ledger)) : onTheFly
  const isShort = converted.every(({ root }) => ledger.mayWrite(root))
  const text = reporter.hasErrors() || !isShort ? null : renderDocuments(converted)
  return { text, changes: ledger.changes(), diagnostics: reporter.diagnostics() }
}

/** Under our own name, too, there may be another language. */
function guess(source: SourceFile, documents: readonly Document[]): Dialect {
  const dialect = dialectOf(source, documents)
  return dialect === 'sandpiper' ? (foreignDialect(documents) ?? dialect) : dialect
}

function reportOurs(dialect: Dialect, reporter: Reporter): void {
  const what =
    dialect === 'drone' ? 'a pipeline of Drone 1.x, which Sandpiper reads as it is' : 'ours'
  const hint = 'if it is another language, name that: `--from woodpecker` or `--from drone-0.8`'
  reporter.error('SP_PIPELINE_KIND', START, `there is nothing to convert: this is ${what}`, hint)
}

function noteComments(
  documents: readonly Document[],
  ledger: ReturnType<typeof createLedger>,
): void {
  const [first] = documents
  if (first !== undefined) ledger.check({ start: 0, end: 0 }, 'comments are not taken over')
}
