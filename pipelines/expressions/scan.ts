import { quote } from '../diagnostics/quote.js'
import { EXPRESSION_LENGTH_MAX, EXPRESSION_NESTING_MAX } from './limits.js'
import { type SyntaxProblem, syntaxProblem } from './problem.js'
import { readStringLiteral } from './string-literal.js'

/** An expression whose tokens are all of the language, ready for the parser. */
export interface Scanned {
  /** As long as the source, so that places stay; comments and runs of space are blanked. */
  readonly text: string
}

/** Operators that are words. */
export const WORD_OPERATORS = ['in', 'contains', 'startsWith', 'endsWith', 'matches'] as const

const OTHER_WORD_OPERATORS = ['and', 'or', 'not']

const OPERATOR_WORDS: ReadonlySet<string> = new Set([...WORD_OPERATORS, ...OTHER_WORD_OPERATORS])

/** Syntax of expr-lang that is not taken over, with its name. */
const UNSUPPORTED: Readonly<Record<string, string>> = {
  '|': 'pipes are',
  '..': 'ranges are',
  '**': 'powers are',
  '^': 'powers are',
  '{': 'maps and closures are',
  '}': 'maps and closures are',
  '#': 'closures are',
  ';': '`let` is',
}

const UNSUPPORTED_WORDS: Readonly<Record<string, string>> = {
  let: '`let` is',
  if: '`if` is',
  else: '`else` is',
}

const INSTEAD: Readonly<Record<string, string>> = {
  '=': 'compare with `==`',
  '&': 'write `&&` or `and`',
  '===': 'compare with `==`',
  '!==': 'compare with `!=`',
}

const SPACE = /[ \t\r\n]+/y
const COMMENT = /\/\/[^\n]*|\/\*[^]*?\*\//y
const NUMBER = /(?:\d+(?:\.\d+)?|\.\d+)(?:[eE][+-]?\d+)?(?![\w$])/y
const WORD = /[A-Za-z_$\u0080-\uffff][\w$\u0080-\uffff]*/y
const NEGATED = /not[ \t\r\n]+(in|contains|startsWith|endsWith|matches)(?![\w$\u0080-\uffff])/y
const OPERATOR = /===|!==|==|!=|<=|>=|&&|\|\||\?\?|\?\.|\.\.|\*\*|[<>!+\-*/%?:,.()[\]]/y

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

interface State {
  readonly source: string
  at: number
  text: string
  /** Brackets that are open, each with the choices (`?`) begun in it. */
  readonly open: { readonly bracket: string; readonly at: number; choices: number }[]
  /** Signs (`not`, `-`) right before this place. */
  signs: number
  /** Whether an operand has just ended, so that an operator must follow. */
  afterOperand: boolean
  /** Choices begun outside of all brackets. */
  choices?: number
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
  const unsupported = Object.hasOwn(UNSUPPORTED_WORDS, word) ? UNSUPPORTED_WORDS[word] : undefined
  if (unsupported !== undefined) {
    return syntaxProblem(state.at, `${unsupported} not supported`, SUPPORTED_HINT)
  }
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

const SUPPORTED_HINT =
  'expressions have variables, texts, numbers, lists, operators and functions such as `lower(x)`'

function operand(state: State, length: number): SyntaxProblem | undefined {
  if (state.afterOperand) return missing(state, state.source.slice(state.at, state.at + length))
  take(state, length)
  state.afterOperand = true
  state.signs = 0
  return undefined
}

function missing({ at }: State, word: string): SyntaxProblem {
  return syntaxProblem(at, `there is no operator before ${quote(word)}`)
}

function scanOperator(state: State): SyntaxProblem | undefined {
  const known = matchAt(OPERATOR, state)
  const operator = known ?? state.source.charAt(state.at)
  const unsupported = Object.hasOwn(UNSUPPORTED, operator) ? UNSUPPORTED[operator] : undefined
  if (unsupported !== undefined) {
    return syntaxProblem(state.at, `${unsupported} not supported`, SUPPORTED_HINT)
  }
  if (known === undefined || Object.hasOwn(INSTEAD, operator)) {
    return syntaxProblem(
      state.at,
      `${quote(operator)} is no operator`,
      Object.hasOwn(INSTEAD, operator) ? INSTEAD[operator] : undefined,
    )
  }
  return scanKnownOperator(state, operator)
}

function scanKnownOperator(state: State, operator: string): SyntaxProblem | undefined {
  switch (operator) {
    case '(':
    case '[':
      state.open.push({ bracket: operator, at: state.at, choices: 0 })
      break
    case ')':
    case ']':
      return closeBracket(state, operator)
    case '?':
    case ':':
      return choice(state, operator)
    case '!':
    case '-':
    case '+':
      if (!state.afterOperand) state.signs += 1
      else if (operator === '!') return missing(state, operator)
      break
    case '.':
    case '?.':
      return member(state, operator)
  }
  take(state, operator.length)
  state.afterOperand = false
  return undefined
}

function closeBracket(state: State, bracket: string): SyntaxProblem | undefined {
  const opened = state.open.pop()
  if (opened?.bracket !== (bracket === ')' ? '(' : '[')) {
    return syntaxProblem(state.at, `${quote(bracket)} closes nothing`)
  }
  take(state, 1)
  state.afterOperand = true
  state.signs = 0
  return undefined
}

/** The two parts of `test ? one : other`. A `:` without `?` is a slice, or a mistake. */
function choice(state: State, operator: '?' | ':'): SyntaxProblem | undefined {
  const inside = state.open.at(-1)
  const choices = inside?.choices ?? state.choices ?? 0
  if (operator === ':' && choices === 0) {
    const problem =
      inside?.bracket === '[' ? 'slices are not supported' : '`:` has no `?` before it'
    return syntaxProblem(state.at, problem)
  }
  // They count up to the end of the bracket: `a ? b : c ? d : e` makes the parser recurse, too.
  if (operator === '?') {
    if (inside === undefined) state.choices = choices + 1
    else inside.choices += 1
  }
  take(state, 1)
  state.afterOperand = false
  return undefined
}

function member(state: State, operator: string): SyntaxProblem | undefined {
  if (!state.afterOperand)
    return syntaxProblem(state.at, `${quote(operator)} has nothing before it`)
  take(state, operator.length)
  state.afterOperand = operator === '?.' && state.source.charAt(state.at) === '['
  return undefined
}

function matchAt(pattern: RegExp, { source, at }: State): string | undefined {
  pattern.lastIndex = at
  return pattern.exec(source)?.[0]
}

function take(state: State, length: number, text?: string): void {
  state.text += text ?? state.source.slice(state.at, state.at + length)
  state.at += length
}
