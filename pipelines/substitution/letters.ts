/** Capital letters, each by itself: what one letter would become two for stays (`ß`). */
export function upper(value: string): string {
  const changed = value.toUpperCase()
  if (changed.length === value.length) return changed
  return Array.from(value, (character) => single(character, character.toUpperCase())).join('')
}

/** Small letters, each by itself. */
export function lower(value: string): string {
  const changed = value.toLowerCase()
  // A sigma at the end of a word would become another letter than by itself.
  if (changed.length === value.length && !value.includes('Σ')) return changed
  return Array.from(value, (character) => single(character, character.toLowerCase())).join('')
}

/** The value with its first character changed. */
export function first(value: string, change: (character: string) => string): string {
  const length = (value.codePointAt(0) ?? 0) > 0xffff ? 2 : 1
  return change(value.slice(0, length)) + value.slice(length)
}

function single(character: string, changed: string): string {
  return Array.from(changed).length === 1 ? changed : character
}
