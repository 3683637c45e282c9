/**
 * Text that YAML must not look into is read with something in its place that is as long, so that every
 * offset stays what it was: a run of private characters with a number in it.
 */
export interface Placeholders {
  /** @param length in UTF-16 code units, at least 3 */
  write(index: number, length: number): string
  /** A text split at the placeholders in it, each given as its number. */
  split(text: string): readonly (string | number)[]
}

/** Numbers from 0 to `PLACEHOLDERS_MAX` - 1 can be written. */
export const PLACEHOLDERS_MAX = 4096 ** 2

const PAD = '\uf8ff'
const DIGIT = 0xe100
const BASE = 4096

/** @param open a private character that no other placeholders start with */
export function createPlaceholders(open: string): Placeholders {
  return {
    write(index, length) {
      const high = String.fromCharCode(DIGIT + Math.floor(index / BASE))
      const low = String.fromCharCode(DIGIT + (index % BASE))
      return (open + high + low).padEnd(length, PAD)
    },
    split(text) {
      const parts: (string | number)[] = []
      let from = 0
      for (let at = text.indexOf(open); at >= 0; at = text.indexOf(open, from)) {
        const high = text.charCodeAt(at + 1) - DIGIT
        const low = text.charCodeAt(at + 2) - DIGIT
        const index = high * BASE + low
        // What a user wrote with such characters is text like any other.
        if (!(high >= 0 && high < BASE && low >= 0 && low < BASE)) {
          parts.push(text.slice(from, at + 1))
          from = at + 1
          continue
        }
        if (at > from) parts.push(text.slice(from, at))
        parts.push(index)
        from = at + 3
        while (text[from] === PAD) from += 1
      }
      return from < text.length ? [...parts, text.slice(from)] : parts
    },
  }
}
