import { Composer, type Document as YamlDocument, type YAMLError } from 'yaml'
import type { Reporter } from '../diagnostics/reporter.js'
import { readTokens } from './read-tokens.js'

/** A part of a text: offsets, the end excluded. */
export interface Range {
  readonly start: number
  readonly end: number
}

/**
 * Reports every error of a text that is not valid YAML, by a parser that goes on after an error.
 * @param base offset that the text starts at, for the reporter
 * @param stopped where the fast parser gave up: the line that is wrong, where this one may first
 * complain about what comes before
 * @returns the documents without an error; undefined when nothing was reported
 */
export function reportSyntax(
  text: string,
  base: number,
  stopped: number,
  reporter: Reporter,
): readonly Range[] | undefined {
  const tokens = readTokens(text, base, reporter)
  if (tokens === undefined) return []
  const sound: Range[] = []
  let reported = false
  for (const document of new Composer(OPTIONS).compose(tokens)) {
    if (document.errors.length === 0) sound.push(rangeOf(document))
    else {
      reportErrors(document.errors, text, base, reported ? 0 : stopped, reporter)
      reported = true
    }
  }
  return reported ? sound : undefined
}

const OPTIONS = {
  version: '1.2',
  merge: false,
  uniqueKeys: false,
  resolveKnownTags: false,
  prettyErrors: false,
  logLevel: 'silent',
} as const

function rangeOf({ range: [start, , end] }: YamlDocument.Parsed): Range {
  return { start, end }
}

/** One mistake makes YAML complain more than once about a line; the first time says it. */
function reportErrors(
  problems: readonly YAMLError[],
  source: string,
  base: number,
  stopped: number,
  reporter: Reporter,
): void {
  let previous = -1
  for (const { pos, code, message } of problems) {
    const isAbove = pos[0] < stopped && source.slice(pos[0], stopped).includes('\n')
    const start = isAbove ? stopped : pos[0]
    const end = Math.max(pos[1], start)
    const isSameLine =
      previous >= 0 && start >= previous && !source.slice(previous, start).includes('\n')
    const span = { start: base + start, end: base + end }
    if (!isSameLine) reporter.error('SP_PIPELINE_YAML', span, message, HINTS[code])
    previous = start
  }
}

const HINTS: Partial<Record<YAMLError['code'], string>> = {
  TAB_AS_INDENT: 'YAML is indented with spaces only',
  BLOCK_AS_IMPLICIT_KEY: 'is the line indented as its neighbours? text that holds `: ` is quoted',
  MULTILINE_IMPLICIT_KEY: 'a key must be on one line: is a `:` or a quote missing?',
  BAD_SCALAR_START: 'text that starts with this character must be quoted',
}
