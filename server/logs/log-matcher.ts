import { RE2JS, RE2JSException } from 're2js'

/** Longest text or expression that is searched for, in UTF-16 code units. */
export const SEARCH_TEXT_MAX = 200

/** Columns of one line that are told. */
const COLUMNS_MAX = 50

/** Largest program that an expression may become; each code unit of a log costs time in proportion to it. */
const PROGRAM_MAX = 1_100

/**
 * Steps that an expression may cost in one line: instructions of its program times code units. Nothing else is done
 * meanwhile, and each takes up to 70 ns.
 */
const STEPS_MAX = 1_000_000

/** Where a match is in its line: UTF-16 code units from 0, the end not included. */
export interface LogColumns {
  readonly start: number
  readonly end: number
}

/** Finds matches in a line. */
export type LogMatcher = (text: string) => readonly LogColumns[]

/** What is searched for. */
export interface SearchQuery {
  readonly q: string
  readonly regex: boolean
  readonly caseSensitive: boolean
}

/** Why an expression can't be searched for. */
export class PatternError extends Error {
  override readonly name = 'PatternError'
}

/**
 * The matcher of a text or a regular expression of RE2, whose time is linear in the text's length.
 * @throws PatternError
 */
export function matcherOf({ q, regex, caseSensitive }: SearchQuery): LogMatcher {
  return regex ? expressionMatcher(q, caseSensitive) : textMatcher(q, caseSensitive)
}

function textMatcher(q: string, caseSensitive: boolean): LogMatcher {
  const escaped = q.replace(/[\\^$.*+?()[\]{}|/]/g, '\\$&')
  const expression = new RegExp(escaped, caseSensitive ? 'g' : 'gi')
  return (text) => {
    const columns: LogColumns[] = []
    expression.lastIndex = 0
    for (let found = expression.exec(text); found !== null; found = expression.exec(text)) {
      columns.push({ start: found.index, end: found.index + found[0].length })
      if (columns.length >= COLUMNS_MAX) break
    }
    return columns
  }
}

function expressionMatcher(q: string, caseSensitive: boolean): LogMatcher {
  const expression = compile(q, caseSensitive)
  const lengthMax = Math.floor(STEPS_MAX / expression.programSize())
  return (line) => {
    const text = line.slice(0, lengthMax)
    // One find may look at all of the text, and find only its first character.
    const countMax = Math.min(COLUMNS_MAX, Math.floor(lengthMax / text.length))
    const columns: LogColumns[] = []
    const matcher = expression.matcher(text)
    while (columns.length < countMax && matcher.find()) {
      columns.push({ start: matcher.start(), end: matcher.end() })
    }
    return columns
  }
}

function compile(q: string, caseSensitive: boolean): RE2JS {
  try {
    const expression = RE2JS.compile(q, caseSensitive ? 0 : RE2JS.CASE_INSENSITIVE)
    if (expression.programSize() > PROGRAM_MAX) throw new PatternError('it repeats too much')
    return expression
  } catch (error) {
    if (error instanceof RE2JSException) throw new PatternError(error.message)
    throw error
  }
}
