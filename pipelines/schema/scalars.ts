import { didYouMean } from '../diagnostics/did-you-mean.js'
import { quote } from '../diagnostics/quote.js'
import { describeKind, isNull, type Node } from '../parse/tree.js'
import type { DecodeContext, JsonSchema, Located, Shape } from './shape.js'

/** What a text may hold. */
export interface TextRules {
  readonly lengthMax?: number
  /** Source of a regular expression with the `u` flag. */
  readonly pattern: string
  /** What the pattern asks for: the message goes on with it after "must". */
  readonly rule: string
}

/** Text on one line, not blank. */
export const LINE: TextRules = {
  pattern: '^(?=.*\\S)[^\\u0000-\\u001f\\u007f]*$',
  rule: 'be one line of text',
}

/** Any text; NUL can't be passed to a program. */
export const ANY_TEXT: TextRules = { pattern: '^[^\\u0000]*$', rule: 'not hold a NUL character' }

/** Text. Numbers and booleans are taken as they are written (`1.10` stays `1.10`). */
export function text(rules: TextRules): Shape<Located<string>> {
  const pattern = new RegExp(rules.pattern, 'u')
  const lengthMax = rules.lengthMax ?? Infinity
  return {
    schema: textSchema(rules),
    emptyAllowed: false,
    decode(node, context, where) {
      if (node.kind !== 'scalar' || isNull(node)) {
        return wrongKind(node, context, `${where} must be text`)
      }
      if (node.text.length > lengthMax) {
        return wrong(node, context, `${where} is longer than ${lengthMax} characters`)
      }
      if (!pattern.test(node.text)) return wrong(node, context, `${where} must ${rules.rule}`)
      return { value: node.text, node }
    },
  }
}

function textSchema({ pattern, lengthMax }: TextRules): JsonSchema {
  const length = lengthMax === undefined ? {} : { maxLength: lengthMax }
  return { type: ['string', 'number', 'boolean'], pattern, ...length }
}

/**
 * `true` or `false`. The other words that YAML 1.1 and with it Drone took for them (`yes`, `off`) are
 * understood, with a warning.
 */
export function flag(): Shape<Located<boolean>> {
  return {
    schema: { type: 'boolean' },
    emptyAllowed: false,
    decode(node, context, where) {
      if (node.kind === 'scalar' && typeof node.value === 'boolean') {
        return { value: node.value, node }
      }
      const old =
        node.kind === 'scalar' ? YAML_1_1_BOOLEANS.get(node.text.toLowerCase()) : undefined
      if (old === undefined) return wrongKind(node, context, `${where} must be true or false`)
      const message = `${where} is text in YAML 1.2; it is taken for ${old}`
      context.reporter.warning('SP_PIPELINE_VALUE', node.span, message, `write \`${old}\``)
      return { value: old, node }
    },
  }
}

/** Words for booleans in YAML 1.1, in lower case. */
export const YAML_1_1_BOOLEANS: ReadonlyMap<string, boolean> = new Map([
  ['yes', true],
  ['on', true],
  ['y', true],
  ['true', true],
  ['no', false],
  ['off', false],
  ['n', false],
  ['false', false],
])

/** A whole number, both bounds included. */
export function integer(minimum: number, maximum: number): Shape<Located<number>> {
  return {
    schema: { type: 'integer', minimum, maximum },
    emptyAllowed: false,
    decode(node, context, where) {
      const value = node.kind === 'scalar' ? node.value : null
      if (typeof value === 'number' && Number.isInteger(value)) {
        if (value >= minimum && value <= maximum) return { value, node }
        return wrong(node, context, `${where} must be between ${minimum} and ${maximum}`)
      }
      return wrongKind(node, context, `${where} must be a whole number`)
    },
  }
}

/** One of some words. */
export function choice<const T extends string>(choices: readonly T[]): Shape<Located<T>> {
  const listed = choices.map((word) => `\`${word}\``).join(', ')
  return {
    schema: { enum: choices },
    emptyAllowed: false,
    decode(node, context, where) {
      const written = node.kind === 'scalar' ? node.value : null
      const value = choices.find((word) => word === written)
      if (value !== undefined) return { value, node }
      if (typeof written !== 'string') {
        return wrongKind(node, context, `${where} must be one of ${listed}`)
      }
      const message = `${where} must be one of ${listed}, not ${quote(written)}`
      return wrong(node, context, message, didYouMean(written, choices))
    },
  }
}

/** Reports a value of the right kind that is not allowed. */
export function wrong(node: Node, context: DecodeContext, message: string, hint?: string): null {
  context.reporter.error('SP_PIPELINE_VALUE', node.span, message, hint)
  return null
}

/** Reports a value of the wrong kind. */
export function wrongKind(
  node: Node,
  context: DecodeContext,
  message: string,
  hint?: string,
): null {
  return wrong(node, context, `${message}, but it is ${describeKind(node)}`, hint)
}
