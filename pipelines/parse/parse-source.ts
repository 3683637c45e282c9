import { EVENT_ID } from 'js-yaml'
import type { SourceFile } from '../diagnostic.js'
import type { Reporter } from '../diagnostics/reporter.js'
import {
  DOCUMENTS_MAX,
  EVENTS_MAX,
  NESTING_MAX,
  SOURCE_LENGTH_MAX,
  SOURCES_LENGTH_MAX,
} from '../limits.js'
import { type Budget, isSpent, mayReadThoroughly } from './budget.js'
import { buildTrees, type TreeContext } from './build-tree.js'
import { documentEnd } from './document-end.js'
import { maskReferences } from './mask-references.js'
import { type EventStream, readEvents, type SyntaxProblem } from './read-events.js'
import { type Range, reportSyntax } from './report-syntax.js'
import type { Document } from './tree.js'

export { type Budget, createBudget } from './budget.js'

/**
 * Makes a pipeline file known to the reporter and parses it: YAML 1.2, core schema, merge keys.
 * Documents without content are left out, and what stands behind a line `...`. Problems go to the reporter; the documents that could be read
 * are returned all the same, so that later stages can report theirs too.
 *
 * A fast parser reads what is right. What it refuses is read again by one that finds every error.
 */
export function parseSource(source: SourceFile, budget: Budget, reporter: Reporter): Document[] {
  const base = reporter.addSource(source)
  const { end, ignored } = documentEnd(source.text)
  const text = source.text.slice(0, end)
  const context: FileContext = { text, base, budget, reporter, restore: (part) => part }
  if (isSpent(budget)) return []
  if (source.text.length > SOURCE_LENGTH_MAX) {
    const message = `the file has ${source.text.length} characters, more than ${SOURCE_LENGTH_MAX}`
    return tooLarge(context, 0, message)
  }
  budget.characters -= source.text.length
  if (budget.characters < 0) {
    const message = `with this file all files have more than ${SOURCES_LENGTH_MAX} characters together`
    return tooLarge(context, 0, message)
  }
  if (ignored !== undefined) warnOfIgnored(ignored, context)
  const read = readOnce(text, budget)
  if ('reason' in read) return parseBroken(context, read)
  const { events } = read
  const documents = events.reduce(
    (count, { type }) => count + (type === EVENT_ID.DOCUMENT ? 1 : 0),
    0,
  )
  if (documents > DOCUMENTS_MAX) {
    return tooLarge(context, 0, `the file has more than ${DOCUMENTS_MAX} documents`)
  }
  budget.events -= events.length
  if (budget.events < 0) {
    const message = `with this file all files have more than ${EVENTS_MAX} YAML nodes together`
    return tooLarge(context, 0, message)
  }
  return buildTrees(events, { ...context, text: read.text, restore: read.restore })
}

function warnOfIgnored({ start, end }: Range, { base, reporter }: FileContext): void {
  const message = 'a line `...` ends the file, so what comes after it is not read'
  const hint = 'take the line out, or write `---` between documents'
  reporter.warning('SP_PIPELINE_NO_EFFECT', { start: base + start, end: base + end }, message, hint)
}

interface FileContext extends TreeContext {
  readonly budget: Budget
}

function readOnce(text: string, { known }: Budget): EventStream | SyntaxProblem {
  const read = known?.get(text) ?? readEvents(text)
  known?.set(text, read)
  return read
}

function tooLarge({ base, reporter }: TreeContext, at: number, message: string): Document[] {
  const span = { start: base + at, end: base + at }
  reporter.error('SP_PIPELINE_TOO_LARGE', span, message)
  return []
}

function parseBroken(context: FileContext, problem: SyntaxProblem): Document[] {
  const { text, base, budget, reporter } = context
  if (problem.isTooDeep) {
    const message = `lists and mappings are nested more than ${NESTING_MAX} levels deep`
    return tooLarge(context, problem.at, message)
  }
  const sound = mayReadThoroughly(budget, text)
    ? reportSyntax(maskReferences(text).text, base, problem.at, reporter)
    : undefined
  if (sound === undefined) {
    const at = base + problem.at
    reporter.error('SP_PIPELINE_YAML', { start: at, end: at + 1 }, problem.reason)
    return []
  }
  return sound.flatMap((range) => parsePart(context, range))
}

/** A sound document of a broken file. */
function parsePart(context: TreeContext, { start, end }: Range): Document[] {
  const read = readEvents(context.text.slice(start, end))
  if ('reason' in read) return []
  const { events, text, restore } = read
  return buildTrees(events, { ...context, text, restore, base: context.base + start })
}
