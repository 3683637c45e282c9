/** Drone's three, and Woodpecker's, which lets any number of spaces be between the words. */
const DIRECTIVE = /\[(?:ci *skip|skip *ci)\]|\*\*\*no_ci\*\*\*/i

/** The directive in a message or title that asks for no build, or null. Case does not matter. */
export function skipDirective(...texts: readonly (string | null | undefined)[]): string | null {
  for (const text of texts) {
    const found = DIRECTIVE.exec(text ?? '')?.[0]
    if (found !== undefined) return found.toLowerCase().replace(/ +/g, ' ')
  }
  return null
}
