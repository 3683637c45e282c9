import { WordError } from './expand.js'

/** Words split at spaces, without a look at quotes: paths of COPY, ports of EXPOSE. */
export function plainWords(text: string): string[] {
  return text.split(/[ \t]+/).filter((word) => word !== '')
}

/** Words split at spaces that are neither quoted nor escaped; the quotes stay. */
export function quotedWords(text: string, escape: string): string[] {
  const words: string[] = []
  let from = -1
  let quote = ''
  for (let at = 0; at < text.length; at++) {
    const char = text.charAt(at)
    if (quote === '' && /\s/.test(char)) {
      if (from >= 0) words.push(text.slice(from, at))
      from = -1
      continue
    }
    if (from < 0) from = at
    if (char === quote) quote = ''
    else if (quote === '' && (char === '"' || char === "'")) quote = char
    else if (char === escape && quote !== "'") at++
  }
  return from < 0 ? words : [...words, text.slice(from)]
}

/** A name with its value; both may hold variables and quotes. */
export interface NameValue {
  readonly name: string
  readonly value: string
}

/**
 * `NAME=value NAME=value`, or the old form `NAME the rest`, of ENV and LABEL.
 * @throws WordError
 */
export function nameValues(text: string, escape: string, keyword: string): NameValue[] {
  const words = quotedWords(text, escape)
  const [first] = words
  if (first === undefined) throw new WordError(`${keyword} needs a name and a value`)
  if (!first.includes('=')) return [oldForm(text, keyword)]
  return words.map((word) => {
    const equals = word.indexOf('=')
    if (equals < 0) throw new WordError(`${keyword} has no = in ${JSON.stringify(word)}`)
    if (equals === 0) throw new WordError(`${keyword} has no name before =`)
    return { name: word.slice(0, equals), value: word.slice(equals + 1) }
  })
}

function oldForm(text: string, keyword: string): NameValue {
  const [, name, value] = /^(\S+)\s+(\S[^]*)$/.exec(text) ?? []
  if (name === undefined || value === undefined) {
    throw new WordError(`${keyword} needs a name and a value`)
  }
  return { name, value }
}

/** The strings of a JSON list, or null for anything else: then it is the shell's form. */
export function jsonStrings(text: string): string[] | null {
  const trimmed = text.trim()
  if (!trimmed.startsWith('[')) return null
  try {
    const value: unknown = JSON.parse(trimmed)
    const isList = Array.isArray(value) && value.every((one) => typeof one === 'string')
    return isList ? value : null
  } catch {
    return null
  }
}
