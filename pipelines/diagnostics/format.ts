import type { Diagnostic, SourceFile } from '../diagnostic.js'
import { printable } from './quote.js'

const EXCERPT_WIDTH_MAX = 120

/**
 * A diagnostic as plain text: `file:line:column: severity CODE: message`, the source line with carets
 * under the place, and the hint. Nothing in it can move a terminal's cursor or colours, whatever the
 * source holds. No newline at the end.
 * @param sources the files that were compiled, included ones too
 */
export function formatDiagnostic(diagnostic: Diagnostic, sources: readonly SourceFile[]): string {
  const { file, start, severity, code, message, hint } = diagnostic
  const place = `${printable(file)}:${start.line}:${start.column}`
  const lines = [`${place}: ${severity} ${code}: ${printable(message)}`]
  lines.push(...excerpt(diagnostic, sources.find((source) => source.file === file)?.text ?? ''))
  if (hint !== undefined) lines.push(`  hint: ${printable(hint)}`)
  return lines.join('\n')
}

function excerpt({ start, end }: Diagnostic, source: string): string[] {
  const text = lineOf(source, start.line)
  if (text.trim() === '') return []
  // One code unit stays one character, so that the carets stand where the columns say.
  const from = Math.max(0, start.column - 1 - EXCERPT_WIDTH_MAX / 2)
  const shown = printable(text.slice(from, from + EXCERPT_WIDTH_MAX))
  const until = end.line === start.line ? end.column : text.trimEnd().length + 1
  const indent = start.column - 1 - from
  const width = Math.max(1, Math.min(until - start.column, shown.length - indent))
  const gutter = `${start.line} | `
  return [
    `  ${gutter}${shown}`,
    `  ${' '.repeat(gutter.length - 2)}| ${' '.repeat(indent)}${'^'.repeat(width)}`,
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
