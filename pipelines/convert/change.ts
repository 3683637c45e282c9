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
  return {
    reporter,
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

function placeOf(reporter: Reporter, { start }: Span): string {
  const { file, line, column } = reporter.place(start)
  return `${file}:${line}:${column}`
}
