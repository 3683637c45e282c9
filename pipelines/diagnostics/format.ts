import type { Diagnostic, SourceFile } from '../diagnostic.js'
import { printable } from './quote.js'

const EXCERPT_WIDTH_MAX = 120

/** How the parts of a diagnostic are told apart on a terminal. Each function adds no text of its own. */
export interface DiagnosticStyle {
  readonly strong: (text: string) => string
  readonly faint: (text: string) => string
  readonly severity: (severity: Diagnostic['severity'], text: string) => string
}

const PLAIN: DiagnosticStyle = {
  strong: (text) => text,
  faint: (text) => text,
  severity: (_severity, text) => text,
}

/**
 * A diagnostic for people: `file:line:column: severity CODE: message`, the source line with carets under
 * the place, and the hint with the command that tells more. But for `style` nothing in it can move a terminal's
 * cursor or colours, whatever the source holds. No newline at the end.
 * @param sources the files that were compiled, included ones too
 */
export function formatDiagnostic(
  diagnostic: Diagnostic,
  sources: readonly SourceFile[],
  style: DiagnosticStyle = PLAIN,
): string {
  const { file, start, severity, code, message, hint = '' } = diagnostic
  const place = style.strong(`${printable(file)}:${start.line}:${start.column}:`)
  const kind = style.severity(severity, `${severity} ${code}:`)
  const text = sources.find((source) => source.file === file)?.text ?? ''
  const help = style.faint(`(sandpiper explain ${printable(code)})`)
  return [
    `${place} ${kind} ${printable(message)}`,
    ...excerpt(diagnostic, text, style),
    `  hint: ${[printable(hint), help].filter(Boolean).join(' ')}`,
  ].join('\n')
}

/** Totals in words: `2 errors, 1 warning in 3 files`; empty when there is no diagnostic. */
export function formatSummary(diagnostics: readonly Diagnostic[], files: number): string {
  const counts = (['error', 'warning'] as const).flatMap((kind) => {
    const count = diagnostics.filter(({ severity }) => severity === kind).length
    return count === 0 ? [] : [plural(count, kind)]
  })
  return counts.length === 0 ? '' : `${counts.join(', ')} in ${plural(files, 'file')}`
}

function plural(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? '' : 's'}`
}

function excerpt(
  { severity, start, end }: Diagnostic,
  source: string,
  style: DiagnosticStyle,
): string[] {
  const text = lineOf(source, start.line)
  if (text.trim() === '') return []
  // One code unit stays one character, so that the carets stand where the columns say.
  const from = Math.max(0, start.column - 1 - EXCERPT_WIDTH_MAX / 2)
  const shown = printable(text.slice(from, from + EXCERPT_WIDTH_MAX))
  const until = end.line === start.line ? end.column : text.trimEnd().length + 1
  const indent = start.column - 1 - from
  const width = Math.max(1, Math.min(until - start.column, shown.length - indent))
  const gutter = `${start.line} | `
  const blank = `${' '.repeat(gutter.length - 2)}| `
  return [
    `  ${style.faint(gutter)}${shown}`,
    `  ${style.faint(blank)}${' '.repeat(indent)}${style.severity(severity, '^'.repeat(width))}`,
  ]
}

function lineOf(source: string, line: number): string {
  let from = 0
  for (let skip = line - 1; skip > 0; skip--) {
    const newline = source.indexOf('\n', from)
    if (newline < 0) return ''
    from = newline + 1
  }
  const newline = source.indexOf('\n', from)
  return source.slice(from, newline < 0 ? undefined : newline).replace(/\r$/, '')
}
