import type { Diagnostic, Position, SourceFile } from '../diagnostic.js'
import { DIAGNOSTICS_MAX } from '../limits.js'
import type { PipelineCode } from './codes.js'
import { DEFAULT_HINTS } from './hints.js'
import { createSourceMap } from './source-map.js'

/**
 * A part of a source: offsets in UTF-16 code units, the end excluded. The sources of one compilation
 * lie one after the other, so an offset tells the file too (see source-map.ts).
 */
export interface Span {
  readonly start: number
  readonly end: number
}

/**
 * What to do about a problem; a function when that takes work, which is spared for the unlisted. Without
 * one the code's own is told (see hints.ts).
 */
export type Hint = string | (() => string | undefined) | undefined

/** A place in one of the sources. */
export interface Place extends Position {
  readonly file: string
}

/** Collects what is wrong with the sources of one compilation. */
export interface Reporter {
  /** Makes a source known; @returns the offset that its text starts at. */
  addSource(source: SourceFile): number
  /** Where an offset is. */
  place(offset: number): Place
  error(code: PipelineCode, span: Span, message: string, hint?: Hint): void
  warning(code: PipelineCode, span: Span, message: string, hint?: Hint): void
  /** Whether there was an error, listed or not. */
  hasErrors(): boolean
  /** Everything reported, in the order of the source. */
  diagnostics(): readonly Diagnostic[]
}

/**
 * Makes a reporter. The same problem at the same place is listed once (aliases make the decoder see a
 * node several times), and at most `DIAGNOSTICS_MAX` errors and as many warnings are
 * listed: warnings never keep an error from being told.
 */
export function createReporter(): Reporter {
  const sources = createSourceMap()
  const listed = new Map<string, Diagnostic>()
  const room = { error: DIAGNOSTICS_MAX, warning: DIAGNOSTICS_MAX }
  let unlisted = 0
  let errors = false

  const add = (severity: Diagnostic['severity'], problem: Problem): void => {
    errors ||= severity === 'error'
    const { code, span, message } = problem
    const identity = `${code}\n${span.start}\n${message}`
    if (listed.has(identity)) return
    if (room[severity] === 0) {
      unlisted += 1
      return
    }
    room[severity] -= 1
    const { file, ...start } = sources.place(span.start)
    const { line, column } = sources.place(span.end)
    const given = typeof problem.hint === 'function' ? problem.hint() : problem.hint
    const help = helpOf(code)
    listed.set(identity, {
      code,
      severity,
      message,
      file,
      start,
      end: { line, column },
      hint: given || DEFAULT_HINTS[code],
      help,
    })
  }

  return {
    addSource: (source) => sources.add(source),
    place: (offset) => sources.place(offset),
    error: (code, span, message, hint) => add('error', { code, span, message, hint }),
    warning: (code, span, message, hint) => add('warning', { code, span, message, hint }),
    hasErrors: () => errors,
    diagnostics() {
      const sorted = sources.files().flatMap((file) => inFile(listed.values(), file))
      return unlisted === 0 ? sorted : [...sorted, unlistedNote(sorted, unlisted, errors)]
    },
  }
}

interface Problem {
  readonly code: PipelineCode
  readonly span: Span
  readonly message: string
  readonly hint: Hint
}

/** Where the documentation tells about a code. */
function helpOf(code: PipelineCode): string {
  return `docs/errors.md#${code.toLowerCase()}`
}

function inFile(diagnostics: Iterable<Diagnostic>, file: string): Diagnostic[] {
  return [...diagnostics].filter((one) => one.file === file).sort(byPosition)
}

function byPosition(one: Diagnostic, other: Diagnostic): number {
  return one.start.line - other.start.line || one.start.column - other.start.column
}

function unlistedNote(
  listed: readonly Diagnostic[],
  unlisted: number,
  errors: boolean,
): Diagnostic {
  const { file, start } = listed.at(-1) ?? { file: '', start: { line: 1, column: 1 } }
  return {
    code: 'SP_PIPELINE_TOO_MANY_PROBLEMS' satisfies PipelineCode,
    severity: errors ? 'error' : 'warning',
    message: `${unlisted} more problems are not listed`,
    file,
    start,
    end: start,
    hint: DEFAULT_HINTS.SP_PIPELINE_TOO_MANY_PROBLEMS,
    help: helpOf('SP_PIPELINE_TOO_MANY_PROBLEMS'),
  }
}
