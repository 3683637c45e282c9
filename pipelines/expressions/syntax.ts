import jsep from 'jsep'
import { readStringLiteral } from './string-literal.js'
import { WORD_OPERATORS } from './tree.js'

/** Source of the precedences: expr-lang's table of operators. */
const BINARY: Readonly<Record<string, number>> = {
  '||': 10,
  or: 10,
  '&&': 15,
  and: 15,
  '==': 20,
  '!=': 20,
  '<': 20,
  '<=': 20,
  '>': 20,
  '>=': 20,
  '+': 30,
  '-': 30,
  '*': 60,
  '/': 60,
  '%': 60,
  '??': 500,
}

/** Sets the parser up once: it keeps its operators in one place for everybody, and only we use it. */
function configure(): void {
  jsep.removeAllBinaryOps()
  jsep.removeAllUnaryOps()
  jsep.removeAllLiterals()
  for (const [operator, precedence] of Object.entries(BINARY)) {
    jsep.addBinaryOp(operator, precedence)
  }
  for (const word of WORD_OPERATORS) {
    jsep.addBinaryOp(word, 20)
    jsep.addBinaryOp(`not ${word}`, 20)
  }
  for (const sign of ['!', 'not', '-', '+']) jsep.addUnaryOp(sign)
  jsep.addLiteral('true', true)
  jsep.addLiteral('false', false)
  jsep.addLiteral('nil', null)
  jsep.hooks.add('gobble-token', gobbleText)
}

/** Texts are read as expr-lang reads them: other escapes, and backquotes. */
function gobbleText(
  this: { index: number; readonly expr: string },
  environment: { node?: jsep.Expression },
): void {
  if (!/["'`]/.test(this.expr.charAt(this.index))) return
  const literal = readStringLiteral(this.expr, this.index)
  if ('problem' in literal) return
  const raw = this.expr.slice(this.index, literal.end)
  this.index = literal.end
  environment.node = { type: 'Literal', value: literal.value, raw }
}

configure()

/** Parses scanned text. Throws what the parser throws: an Error with `index` and `description`. */
export function parseSyntax(text: string): jsep.Expression {
  return jsep(text)
}
