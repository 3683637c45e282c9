const DIRECTIVES = ['[ci skip]', '[skip ci]', '***no_ci***']

/** The directive in a message or title that asks for no build, or null. Case does not matter. */
export function skipDirective(...texts: readonly (string | null | undefined)[]): string | null {
  for (const text of texts) {
    const lower = (text ?? '').toLowerCase()
    const found = DIRECTIVES.find((directive) => lower.includes(directive))
    if (found !== undefined) return found
  }
  return null
}
