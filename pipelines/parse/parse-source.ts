import { EVENT_ID } from 'js-yaml'
import type { SourceFile } from '../diagnostic.js'
import type { Reporter } from '../diagnostics/reporter.js'
import {
  DOCUMENTS_MAX,
  EVENTS_MAX,
  EXPANDED_NODES_MAX,
  NESTING_MAX,
  PLAN_TEXT_MAX,
  SOURCE_LENGTH_MAX,
} from '../limits.js'
import { createSubstitutionBudget, type SubstitutionBudget } from '../substitution/budget.js'
import { buildTrees, type TreeContext } from './build-tree.js'
import { maskReferences } from './mask-references.js'
import { readEvents, type SyntaxProblem } from './read-events.js'
import { type Range, reportSyntax } from './report-syntax.js'
import type { Document } from './tree.js'

/** What all files of one compilation may expand to together. */
export interface Budget {
  nodes: number
  /** Length of the text that is made by putting values into templates. */
  templateText: number
  readonly substitution: SubstitutionBudget
}

export function createBudget(): Budget {
  return {
    nodes: EXPANDED_NODES_MAX,
    templateText: PLAN_TEXT_MAX,
    substitution: createSubstitutionBudget(),
  }
}

/**
 * Makes a pipeline file known to the reporter and parses it: YAML 1.2, core schema, merge keys.
 * Documents without content are left out. Problems go to the reporter; the documents that could be read
 * are returned all the same, so that later stages can report theirs too.
 *
 * A fast parser reads what is right. What it refuses is read again by one that finds every error.
 */
export function parseSource(source: SourceFile, budget: Budget, reporter: Reporter): Document[] {
  const base = reporter.addSource(source)
  const { text } = source
  const context: TreeContext = { text, base, budget, reporter, restore: (part) => part }
  if (text.length > SOURCE_LENGTH_MAX) {
    const message = `the file has ${text.length} characters, more than ${SOURCE_LENGTH_MAX}`
    return tooLarge(context, 0, message)
  }
  const read = readEvents(text)
  if ('reason' in read) return parseBroken(context, read)
  const { events } = read
  const documents = events.reduce(
    (count, { type }) => count + (type === EVENT_ID.DOCUMENT ? 1 : 0),
    0,
  )
  if (documents > DOCUMENTS_MAX) {
    return tooLarge(context, 0, `the file has more than ${DOCUMENTS_MAX} documents`)
  }
  if (events.length > EVENTS_MAX) {
    return tooLarge(context, 0, `the file has more than ${EVENTS_MAX} YAML nodes`)
  }
  return buildTrees(events, { ...context, text: read.text, restore: read.restore })
}

function tooLarge({ base, reporter }: TreeContext, at: number, message: string): Document[] {
  const span = { start: base + at, end: base + at }
  reporter.error('SP_PIPELINE_TOO_LARGE', span, message)
  return []
}

function parseBroken(context: TreeContext, problem: SyntaxProblem): Document[] {
  const { text, base, reporter } = context
  if (problem.isTooDeep) {
    const message = `lists and mappings are nested more than ${NESTING_MAX} levels deep`
    return tooLarge(context, problem.at, message)
  }
  const sound = reportSyntax(maskReferences(text).text, base, problem.at, reporter)
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
