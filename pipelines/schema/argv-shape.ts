import { quote } from '../diagnostics/quote.js'
import { VARIABLE_LENGTH_MAX } from '../limits.js'
import { list } from './collections.js'
import { byKind, mapped } from './combinators.js'
import { ANY_TEXT, text, wrong } from './scalars.js'
import type { Shape } from './shape.js'

const ARGUMENT = text({ ...ANY_TEXT, lengthMax: VARIABLE_LENGTH_MAX })
const ARGUMENTS_MAX = 1000

/** A program with its arguments: a list, or one text that is split at spaces outside of quotes. */
export const ARGV: Shape<readonly string[]> = byKind(
  {
    scalar: mapped(ARGUMENT, ({ value }, node, context, where) => {
      const words = splitWords(value)
      if (words !== undefined) return words
      const hint = 'write a list with one entry for each argument'
      return wrong(node, context, `${where} has a quote without an end: ${quote(value)}`, hint)
    }),
    list: mapped(list(ARGUMENT, ARGUMENTS_MAX), ({ items }) => items.map(({ value }) => value)),
  },
  'text or a list',
)

/**
 * Splits text as a shell would, without any expansion.
 * @returns undefined when a quote is not closed
 */
export function splitWords(source: string): string[] | undefined {
  const words: string[] = []
  let word: string | undefined
  let open = ''
  for (let index = 0; index < source.length; index++) {
    const character = source[index] ?? ''
    if (character === open) open = ''
    else if (character === '\\' && open !== "'") word = (word ?? '') + (source[++index] ?? '')
    else if (open !== '') word = (word ?? '') + character
    else if (character === '"' || character === "'") {
      open = character
      word ??= ''
    } else if (!/\s/.test(character)) word = (word ?? '') + character
    else if (word !== undefined) {
      words.push(word)
      word = undefined
    }
  }
  if (word !== undefined) words.push(word)
  return open === '' ? words : undefined
}
