/** Capital letters, each by itself: what one letter would become two for stays (`ß`). */
export function upper(value: string): string {
  if (ASCII.test(value)) return value.toUpperCase()
  return Array.from(value, (character) => single(character, character.toUpperCase())).join('')
}

/** Small letters, each by itself. */
export function lower(value: string): string {
  if (ASCII.test(value)) return value.toLowerCase()
  return Array.from(value, (character) => single(character, character.toLowerCase())).join('')
}

/** The value with its first character changed. */
export function first(value: string, change: (character: string) => string): string {
  const length = (value.codePointAt(0) ?? 0) > 0xffff ? 2 : 1
  return change(value.slice(0, length)) + value.slice(length)
}

// eslint-disable-next-line no-control-regex -- all of ASCII is meant
const ASCII = /^[\u0000-\u007f]*$/

function single(character: string, changed: string): string {
  return Array.from(changed).length === 1 ? changed : character
}
