import type jsep from 'jsep'
import { didYouMean } from '../diagnostics/did-you-mean.js'
import { quote } from '../diagnostics/quote.js'
import { FUNCTION_NAMES } from './functions.js'
import { type SyntaxProblem, syntaxProblem } from './problem.js'
import { scan } from './scan.js'
import { parseSyntax } from './syntax.js'
import type { BinaryOperator, ExpressionNode } from './tree.js'

/** An expression that can be evaluated. */
export interface Expression {
  readonly source: string
  readonly root: ExpressionNode
}

/**
 * Reads an expression in the part of expr-lang that Woodpecker's `evaluate` is used with. Never throws;
 * its time is bounded by the limits on length and nesting.
 */
export function parseExpression(source: string): Expression | SyntaxProblem {
  const scanned = scan(source)
  if ('problem' in scanned) return scanned
  try {
    return { source, root: convert(parseSyntax(scanned.text)) }
  } catch (error) {
    if (error instanceof Refused) return syntaxProblem(0, error.message, error.hint)
    return parserProblem(error)
  }
}

/** Leaves the recursion; never leaves this file. */
class Refused extends Error {
  constructor(
    message: string,
    readonly hint?: string,
  ) {
    super(message)
  }
}

function parserProblem(error: unknown): SyntaxProblem {
  const { index, description } = error as { index?: unknown; description?: unknown }
  const at = typeof index === 'number' ? index : 0
  const told = typeof description === 'string' ? description : 'it is not an expression'
  return syntaxProblem(at, `${told.charAt(0).toLowerCase()}${told.slice(1)}`)
}

function convert(node: jsep.Expression | null | undefined): ExpressionNode {
  const known = node as jsep.CoreExpression | null | undefined
  switch (known?.type) {
    case 'Literal':
      return { kind: 'literal', value: literalValue(known.value) }
    case 'Identifier':
      return known.name === '$env'
        ? { kind: 'environment' }
        : { kind: 'variable', name: known.name }
    case 'ThisExpression':
      return { kind: 'variable', name: 'this' }
    case 'ArrayExpression':
      return { kind: 'list', items: known.elements.map(convert) }
    case 'UnaryExpression':
      return { kind: 'sign', sign: signOf(known.operator), operand: convert(known.argument) }
    case 'BinaryExpression':
      return convertBinary(known)
    case 'ConditionalExpression':
      return {
        kind: 'choice',
        test: convert(known.test),
        then: convert(known.consequent),
        otherwise: convert(known.alternate),
      }
    case 'MemberExpression':
      return convertMember(known)
    case 'CallExpression':
      return convertCall(known)
    default:
      throw new Refused('it must be one expression')
  }
}

function literalValue(value: jsep.Literal['value']): string | number | boolean | null {
  if (value === null || typeof value !== 'object') return value
  throw new Refused('regular expressions are written as texts')
}

function signOf(operator: string): '!' | '-' | '+' {
  return operator === '-' || operator === '+' ? operator : '!'
}

function convertBinary({ operator, left, right }: jsep.BinaryExpression): ExpressionNode {
  if (operator.startsWith('not ')) {
    const positive = convertBinary({
      type: 'BinaryExpression',
      operator: operator.slice(4),
      left,
      right,
    })
    return { kind: 'sign', sign: '!', operand: positive }
  }
  // The parser binds a sign tighter than everything; expr-lang binds `??` tighter than signs.
  if (operator === '??' && left.type === 'UnaryExpression') {
    const { operator: sign, argument } = left as jsep.UnaryExpression
    const operand = convertBinary({ type: 'BinaryExpression', operator, left: argument, right })
    return { kind: 'sign', sign: signOf(sign), operand }
  }
  const plain = operator === 'and' ? '&&' : operator === 'or' ? '||' : operator
  return {
    kind: 'binary',
    operator: plain as BinaryOperator,
    left: convert(left),
    right: convert(right),
  }
}

function convertMember({ object, property, computed }: jsep.MemberExpression): ExpressionNode {
  const of = convert(object)
  if (computed) return { kind: 'index', of, at: convert(property) }
  if (of.kind !== 'environment') {
    throw new Refused(
      `nothing has a member ${quote((property as jsep.Identifier).name)}`,
      'only `$env` has members; parts of a text are taken with functions, e.g. `split(x, "/")[0]`',
    )
  }
  const name = (property as jsep.Identifier).name
  return { kind: 'index', of, at: { kind: 'literal', value: name } }
}

function convertCall({ callee, arguments: given }: jsep.CallExpression): ExpressionNode {
  if (callee.type !== 'Identifier') throw new Refused('only functions can be called')
  const { name } = callee as jsep.Identifier
  if (!FUNCTION_NAMES.includes(name)) {
    const hint = didYouMean(name, FUNCTION_NAMES) ?? `there are ${FUNCTION_NAMES.join(', ')}`
    throw new Refused(`there is no function ${quote(name)}`, hint)
  }
  return { kind: 'call', name, given: given.map(convert) }
}
