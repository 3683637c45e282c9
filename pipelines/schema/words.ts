import { typoOf } from '../diagnostics/did-you-mean.js'
import { quote } from '../diagnostics/quote.js'
import { wrong, wrongKind } from './scalars.js'
import type { Located, Shape } from './shape.js'

export interface WordRules<T> {
  /** Words of the language with what they mean; null is the same as no key. */
  readonly words: Readonly<Record<string, T | null>>
  /** Words of other tools or times, with the word to write instead. They work, with a warning. */
  readonly synonyms?: Readonly<Record<string, string>>
}

/**
 * One of some words, where Drone ignored any other: a likely mistyped one is an error, but for files of
 * Drone, any other a warning.
 */
export function word<T>({ words, synonyms = {} }: WordRules<T>): Shape<Located<T>> {
  const choices = Object.keys(words)
  const listed = choices.map((one) => `\`${one}\``).join(', ')
  return {
    schema: { enum: choices },
    emptyAllowed: false,
    decode(node, context, where) {
      if (node.kind !== 'scalar') {
        return wrongKind(node, context, `${where} must be one of ${listed}`)
      }
      const written = Object.hasOwn(words, node.text) ? node.text : synonyms[node.text]
      if (written === undefined) {
        const message = `${where} must be one of ${listed}, not ${quote(node.text)}`
        const meant = typoOf(node.text, choices)
        const hint = meant === undefined ? undefined : `did you mean \`${meant}\`?`
        if (meant !== undefined && context.dialect === 'sandpiper') {
          return wrong(node, context, message, hint)
        }
        context.reporter.warning('SP_PIPELINE_NO_EFFECT', node.span, message, hint)
        return null
      }
      if (written !== node.text) {
        const message = `${where} is ${quote(node.text)}, which means \`${written}\``
        context.reporter.warning('SP_PIPELINE_VALUE', node.span, message, `write \`${written}\``)
      }
      const value = words[written] ?? null
      return value === null ? null : { value, node }
    },
  }
}
