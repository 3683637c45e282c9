import { quote } from '../diagnostics/quote.js'
import { EXPRESSION_LENGTH_MAX, EXPRESSION_NESTING_MAX } from './limits.js'
import { type SyntaxProblem, syntaxProblem } from './problem.js'
import { scanOperator } from './scan-operator.js'
import { matchAt, missing, operand, type State, take, unsupported } from './scan-state.js'
import { readStringLiteral } from './string-literal.js'
import { WORD_OPERATORS } from './tree.js'

/** An expression whose tokens are all of the language, ready for the parser. */
export interface Scanned {
  /** As long as the source, so that places stay; comments and runs of space are blanked. */
  readonly text: string
}

const UNSUPPORTED_WORDS: Readonly<Record<string, string>> = {
  let: '`let` is',
  if: '`if` is',
  else: '`else` is',
}

const OTHER_WORD_OPERATORS = ['and', 'or', 'not']

const OPERATOR_WORDS: ReadonlySet<string> = new Set([...WORD_OPERATORS, ...OTHER_WORD_OPERATORS])

const SPACE = /[ \t\r\n]+/y
const COMMENT = /\/\/[^\n]*|\/\*[^]*?\*\//y
const NUMBER = /(?:\d+(?:\.\d+)?|\.\d+)(?:[eE][+-]?\d+)?(?![\w$])/y
const WORD = /[A-Za-z_$\u0080-\uffff][\w$\u0080-\uffff]*/y
const NEGATED = /not[ \t\r\n]+(in|contains|startsWith|endsWith|matches)(?![\w$\u0080-\uffff])/y

/**
 * Looks at every token before the parser does: refuses what is not supported by its name, and what
 * would make the parser recurse deeply.
 */
export function scan(source: string): Scanned | SyntaxProblem {
  if (source.length > EXPRESSION_LENGTH_MAX) {
    return syntaxProblem(0, `it is longer than ${EXPRESSION_LENGTH_MAX} characters`)
  }
  const state: State = { source, at: 0, text: '', open: [], signs: 0, afterOperand: false }
  while (state.at < source.length) {
    const problem = scanToken(state)
    if (problem !== undefined) return problem
    if (depthOf(state) > EXPRESSION_NESTING_MAX) {
      return syntaxProblem(state.at - 1, `it is nested deeper than ${EXPRESSION_NESTING_MAX}`)
    }
  }
  const unclosed = state.open.at(-1)
  if (unclosed !== undefined) {
    return syntaxProblem(unclosed.at, `${quote(unclosed.bracket)} is not closed`)
  }
  if (!state.afterOperand) {
    const isEmpty = state.text.trim() === ''
    const problem = isEmpty ? 'it is empty' : 'something is missing at its end'
    return syntaxProblem(state.text.trimEnd().length, problem)
  }
  return { text: state.text }
}

function depthOf(state: State): number {
  return (
    state.signs +
    (state.choices ?? 0) +
    state.open.reduce((sum, { choices }) => sum + 1 + choices, 0)
  )
}

function scanToken(state: State): SyntaxProblem | undefined {
  const blank = matchAt(SPACE, state) ?? matchAt(COMMENT, state)
  if (blank !== undefined) {
    take(state, blank.length, ' '.repeat(blank.length))
    return undefined
  }
  return /["'`]/.test(state.source.charAt(state.at)) ? scanText(state) : scanOther(state)
}

function scanText(state: State): SyntaxProblem | undefined {
  const literal = readStringLiteral(state.source, state.at)
  if ('problem' in literal) return syntaxProblem(literal.at, literal.problem)
  return operand(state, literal.end - state.at)
}

function scanOther(state: State): SyntaxProblem | undefined {
  const number = matchAt(NUMBER, state)
  if (number !== undefined) return operand(state, number.length)
  if (/\d/.test(state.source.charAt(state.at))) {
    return syntaxProblem(state.at, 'a number is malformed', 'numbers are written as 10 or 0.5')
  }
  const negated = matchAt(NEGATED, state)
  if (negated !== undefined && state.afterOperand) {
    const spaced = negated.split(/[ \t\r\n]+/).join(' ')
    take(state, negated.length, spaced.padEnd(negated.length))
    state.afterOperand = false
    return undefined
  }
  const word = matchAt(WORD, state)
  if (word !== undefined) return scanWord(state, word)
  return scanOperator(state)
}

function scanWord(state: State, word: string): SyntaxProblem | undefined {
  const refused = Object.hasOwn(UNSUPPORTED_WORDS, word) ? UNSUPPORTED_WORDS[word] : undefined
  if (refused !== undefined) return unsupported(state, refused)
  if (!OPERATOR_WORDS.has(word)) return operand(state, word.length)
  if (word === 'not') {
    if (state.afterOperand) return missing(state, word)
    state.signs += 1
    take(state, word.length)
    return undefined
  }
  if (!state.afterOperand) {
    return syntaxProblem(state.at, `${quote(word)} has nothing before it`)
  }
  take(state, word.length)
  state.afterOperand = false
  return undefined
}
