import { PLAN_TEXT_MAX } from '../limits.js'
import type { Node } from '../parse/tree.js'
import type { Hint, Reporter, Span } from '../diagnostics/reporter.js'

/**
 * One thing that a conversion did. `changed`: said in another way, nothing is lost. `dropped`: left out,
 * it has no effect any more. `check`: converted, but it may not mean quite the same.
 */
export interface Change {
  /** `file:line:column` in the file that was converted. */
  readonly at: string
  readonly message: string
  readonly kind: 'changed' | 'dropped' | 'check'
}

/** Takes note of what a conversion does. */
export interface Ledger {
  readonly reporter: Reporter
  /** Whether a node may be written out as text; reports when that makes too much of it. */
  mayWrite(node: Node): boolean
  changed(span: Span, message: string): void
  check(span: Span, message: string): void
  /** Is a warning too: who pushes the file should know, without asking for a report. */
  dropped(span: Span, message: string, hint?: Hint): void
  /** Everything noted, in the order of the source, each thing once. */
  changes(): readonly Change[]
}

interface Note {
  readonly span: Span
  readonly message: string
  readonly kind: Change['kind']
}

export function createLedger(reporter: Reporter): Ledger {
  const notes = new Map<string, Note>()
  // Aliases make a node be seen several times.
  const note = (kind: Note['kind'], span: Span, message: string): void => {
    notes.set(`${span.start}\n${message}`, { kind, span, message })
  }
  let room = PLAN_TEXT_MAX
  return {
    reporter,
    mayWrite(node) {
      if (room >= 0) room -= textLength(node, room)
      if (room >= 0) return true
      const message = `what is written out as text is longer than ${PLAN_TEXT_MAX}`
      reporter.error('SP_PIPELINE_TOO_LARGE', node.span, message)
      return false
    },
    changed: (span, message) => note('changed', span, message),
    check: (span, message) => note('check', span, message),
    dropped(span, message, hint) {
      note('dropped', span, message)
      reporter.warning('SP_PIPELINE_CONVERTED', span, message, hint)
    },
    changes: () =>
      [...notes.values()]
        .sort((one, other) => one.span.start - other.span.start)
        .map(({ span, message, kind }) => ({ at: placeOf(reporter, span), message, kind })),
  }
}

/** Length of all texts and keys in a node, counted until it is more than `enough`. */
export function textLength(node: Node, enough: number): number {
  if (node.kind === 'scalar') return node.text.length + 1
  let length = 1
  const values = node.kind === 'list' ? node.items : [...node.entries.values()]
  for (const value of values) {
    const inner = 'keySpan' in value ? value.value : value
    if ('keySpan' in value) length += value.key.length + 1
    length += textLength(inner, enough - length)
    if (length > enough) break
  }
  return length
}

function placeOf(reporter: Reporter, { start }: Span): string {
  const { file, line, column } = reporter.place(start)
  return `${file}:${line}:${column}`
}
