import { createPlaceholders, PLACEHOLDERS_MAX } from './placeholders.js'

/** A text with its `${...}` hidden from YAML. */
export interface MaskedText {
  readonly text: string
  /** Puts back what was hidden in a part of it. */
  readonly restore: (part: string) => string
}

const PLACEHOLDERS = createPlaceholders('\ue010')

/** Length of a reference in UTF-16 code units; what is longer is not hidden. */
const LENGTH_MAX = 500

/**
 * Hides every `${...}` that ends on its line. Drone puts values in before it reads the YAML, so that
 * `[${A}, b]` is a list of two there; to YAML it is a list with half a mapping in it.
 */
export function maskReferences(source: string): MaskedText {
  const hidden: string[] = []
  let text = ''
  let from = 0
  for (let at = source.indexOf('${'); at >= 0; at = source.indexOf('${', from)) {
    const length = referenceLength(source, at)
    text += source.slice(from, at)
    from = at + Math.max(length, 2)
    if (length === 0 || hidden.length === PLACEHOLDERS_MAX) text += source.slice(at, from)
    else {
      text += PLACEHOLDERS.write(hidden.length, length)
      hidden.push(source.slice(at, from))
    }
  }
  const restore = (part: string): string =>
    PLACEHOLDERS.split(part)
      .map((one) => (typeof one === 'string' ? one : (hidden[one] ?? '')))
      .join('')
  return { text: text + source.slice(from), restore }
}

/** Up to the brace that closes it; 0 when there is none. */
function referenceLength(source: string, at: number): number {
  let depth = 0
  const end = Math.min(source.length, at + LENGTH_MAX)
  for (let index = at; index < end && source[index] !== '\n'; index++) {
    if (source[index] === '{') depth += 1
    else if (source[index] === '}' && --depth === 0) return index + 1 - at
  }
  return 0
}
