import { quote } from '../diagnostics/quote.js'
import { type SyntaxProblem, syntaxProblem } from './problem.js'

/** How far an expression has been scanned. */
export interface State {
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

/** What a pattern with the flag `y` finds at this place. */
export function matchAt(pattern: RegExp, { source, at }: State): string | undefined {
  pattern.lastIndex = at
  return pattern.exec(source)?.[0]
}

/** Goes on behind a token. */
export function take(state: State, length: number, text?: string): void {
  state.text += text ?? state.source.slice(state.at, state.at + length)
  state.at += length
}

/** Takes an operand, which must not follow another one. */
export function operand(state: State, length: number): SyntaxProblem | undefined {
  if (state.afterOperand) return missing(state, state.source.slice(state.at, state.at + length))
  take(state, length)
  state.afterOperand = true
  state.signs = 0
  return undefined
}

/** Says that an operator is missing before a token. */
export function missing({ at }: State, word: string): SyntaxProblem {
  return syntaxProblem(at, `there is no operator before ${quote(word)}`)
}

/** Says that syntax is not taken over from expr-lang. */
export function unsupported({ at }: State, what: string): SyntaxProblem {
  return syntaxProblem(at, `${what} not supported`, SUPPORTED_HINT)
}

const SUPPORTED_HINT =
  'expressions have variables, texts, numbers, lists, operators and functions such as `lower(x)`'
