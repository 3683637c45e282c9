import { quote } from '../diagnostics/quote.js'
import { type SyntaxProblem, syntaxProblem } from './problem.js'
import { matchAt, missing, type State, take, unsupported } from './scan-state.js'

const OPERATOR = /===|!==|==|!=|<=|>=|&&|\|\||\?\?|\?\.|\.\.|\*\*|[<>!+\-*/%?:,.()[\]]/y

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

const INSTEAD: Readonly<Record<string, string>> = {
  '=': 'compare with `==`',
  '&': 'write `&&` or `and`',
  '===': 'compare with `==`',
  '!==': 'compare with `!=`',
}

/** Scans an operator or bracket. */
export function scanOperator(state: State): SyntaxProblem | undefined {
  const known = matchAt(OPERATOR, state)
  const operator = known ?? state.source.charAt(state.at)
  const refused = Object.hasOwn(UNSUPPORTED, operator) ? UNSUPPORTED[operator] : undefined
  if (refused !== undefined) return unsupported(state, refused)
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
