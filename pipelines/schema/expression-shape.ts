import { EXPRESSION_LENGTH_MAX } from '../expressions/limits.js'
import { type Expression, parseExpression } from '../expressions/parse-expression.js'
import type { Span } from '../diagnostics/reporter.js'
import type { ScalarNode } from '../parse/tree.js'
import { wrongKind } from './scalars.js'
import type { Located, Shape } from './shape.js'

/** An expression whose value is true or false. */
export const EXPRESSION: Shape<Located<Expression>> = {
  schema: { type: ['string', 'boolean'], maxLength: EXPRESSION_LENGTH_MAX },
  emptyAllowed: true,
  decode(node, context, where) {
    if (node.kind !== 'scalar') return wrongKind(node, context, `${where} must be an expression`)
    const parsed = parsedOnce(node)
    if (!('problem' in parsed)) return { value: parsed, node }
    const message = `the expression can't be read: ${parsed.problem}`
    context.reporter.error(
      'SP_PIPELINE_EXPRESSION',
      placeInside(node, parsed.at),
      message,
      parsed.hint,
    )
    return null
  },
}

/** Many aliases may stand for one node. */
function parsedOnce(node: ScalarNode): ReturnType<typeof parseExpression> {
  const parsed = PARSED.get(node) ?? parseExpression(node.text)
  PARSED.set(node, parsed)
  return parsed
}

const PARSED = new WeakMap<ScalarNode, ReturnType<typeof parseExpression>>()

/** The place of a character of a scalar, where the source shows it as it is: on one line, unescaped. */
function placeInside({ span, text }: ScalarNode, at: number): Span {
  const extra = span.end - span.start - text.length
  if ((extra !== 0 && extra !== 2) || text.includes('\n')) return span
  const start = span.start + extra / 2 + Math.min(at, text.length)
  return { start, end: Math.min(start + 1, span.end) }
}
