/** One of the ways in which a server wants to be shown who asks (RFC 9110, 11.6.1). */
export interface Challenge {
  /** In lower case: `bearer`, `basic`. */
  readonly scheme: string
  /** Names in lower case. */
  readonly parameters: Readonly<Record<string, string>>
}

const TOKEN = /[!#$%&'*+.^_`|~0-9A-Za-z-]+/y
const TOKEN68 = /[A-Za-z0-9._~+/-]+=*(?=[ \t]*(?:,|$))/y
const QUOTED = /"((?:[^"\\]|\\.)*)"/sy
const SPACE = /[ \t]*/y
const COMMAS = /[ \t,]*/y
const EQUALS = /[ \t]*=[ \t]*/y

const CHALLENGES_MAX = 16

/**
 * Reads a WWW-Authenticate header, in which challenges and their parameters are both divided by commas. What
 * does not follow the grammar ends the reading: what came before counts.
 */
export function parseChallenges(header: string): readonly Challenge[] {
  const reader = new Reader(header)
  const challenges: Challenge[] = []
  while (challenges.length < CHALLENGES_MAX) {
    reader.take(COMMAS)
    const scheme = reader.take(TOKEN)
    if (scheme === null) break
    challenges.push({ scheme: scheme.toLowerCase(), parameters: readParameters(reader) })
  }
  return challenges
}

function readParameters(reader: Reader): Readonly<Record<string, string>> {
  const parameters = new Map<string, string>()
  reader.take(SPACE)
  // Negotiate and its like have one nameless value.
  if (reader.take(TOKEN68) !== null) return {}
  for (;;) {
    const before = reader.at
    reader.take(COMMAS)
    const name = reader.take(TOKEN)
    const value = name !== null && reader.take(EQUALS) !== null ? readValue(reader) : null
    if (name === null || value === null) {
      // It was the next challenge's scheme.
      reader.at = before
      return Object.fromEntries(parameters)
    }
    if (!parameters.has(name.toLowerCase())) parameters.set(name.toLowerCase(), value)
  }
}

function readValue(reader: Reader): string | null {
  const quoted = reader.take(QUOTED)
  if (quoted !== null) return quoted.slice(1, -1).replace(/\\(.)/gs, '$1')
  return reader.take(TOKEN)
}

class Reader {
  at = 0
  readonly #text: string

  constructor(text: string) {
    this.#text = text
  }

  /** What the sticky pattern matches here, or null; goes on behind it. */
  take(pattern: RegExp): string | null {
    pattern.lastIndex = this.at
    const match = pattern.exec(this.#text)
    if (!match) return null
    this.at = pattern.lastIndex
    return match[0]
  }
}
