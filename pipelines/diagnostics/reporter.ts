import type { Diagnostic } from '../diagnostic.js'
import { DIAGNOSTICS_MAX } from '../limits.js'
import type { PipelineCode } from './codes.js'
import { createLineIndex } from './line-index.js'

/** A part of the source: offsets in UTF-16 code units, the end excluded. */
export interface Span {
  readonly start: number
  readonly end: number
}

/** What to do about a problem; a function when that takes work, which is spared for the unlisted. */
export type Hint = string | (() => string | undefined) | undefined

/** Collects what is wrong with one file. */
export interface Reporter {
  error(code: PipelineCode, span: Span, message: string, hint?: Hint): void
  warning(code: PipelineCode, span: Span, message: string, hint?: Hint): void
  /** Whether there was an error, listed or not. */
  hasErrors(): boolean
  /** Everything reported, in the order of the source. */
  diagnostics(): readonly Diagnostic[]
}

/**
 * Makes a reporter for `source`. The same problem at the same place is listed once (aliases make the
 * decoder see a node several times), and at most `DIAGNOSTICS_MAX` are listed.
 */
export function createReporter(source: string): Reporter {
  const lines = createLineIndex(source)
  const listed = new Map<string, Diagnostic>()
  let unlisted = 0
  let errors = false

  const add = (severity: Diagnostic['severity'], problem: Problem): void => {
    errors ||= severity === 'error'
    const { code, span, message } = problem
    const identity = `${code}\n${span.start}\n${message}`
    if (listed.has(identity)) return
    if (listed.size >= DIAGNOSTICS_MAX) {
      unlisted += 1
      return
    }
    const place = { start: lines.position(span.start), end: lines.position(span.end) }
    const hint = typeof problem.hint === 'function' ? problem.hint() : problem.hint
    const told = hint === undefined ? {} : { hint }
    listed.set(identity, { code, severity, message, ...place, ...told })
  }

  return {
    error: (code, span, message, hint) => add('error', { code, span, message, hint }),
    warning: (code, span, message, hint) => add('warning', { code, span, message, hint }),
    hasErrors: () => errors,
    diagnostics() {
      const sorted = [...listed.values()].sort(byPosition)
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

function byPosition(one: Diagnostic, other: Diagnostic): number {
  return one.start.line - other.start.line || one.start.column - other.start.column
}

function unlistedNote(
  listed: readonly Diagnostic[],
  unlisted: number,
  errors: boolean,
): Diagnostic {
  const place = listed.at(-1)?.start ?? { line: 1, column: 1 }
  return {
    code: 'SP_PIPELINE_TOO_MANY_PROBLEMS' satisfies PipelineCode,
    severity: errors ? 'error' : 'warning',
    message: `${unlisted} more problems are not listed`,
    start: place,
    end: place,
  }
}
