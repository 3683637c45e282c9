import { Lexer } from 'yaml'

/** Lexemes that say something and are no part of the text. */
const MARKS = new Set(['\u0002', '\u0018', '\u001f'])

/**
 * The text with blanks for the tabs that stand before the values of flow collections, or before the
 * further lines of one of their values, where they mean nothing. Tabs in values stay.
 */
export function withoutFlowTabs(text: string): string {
  const parts: string[] = []
  let from = 0
  for (let at = nextFlow(text, 0); at < text.length; at = nextFlow(text, from)) {
    const end = endOfFlow(text, at)
    parts.push(blankEnd(text.slice(from, at)), blanked(text, at, end))
    from = end
  }
  return parts.join('') + text.slice(from)
}

/** Where the next flow collection starts: the lexer knows block scalars, comments and quotes. */
function nextFlow(text: string, from: number): number {
  let at = from
  for (const lexeme of new Lexer().lex(text.slice(from))) {
    if (lexeme === '[' || lexeme === '{') return at
    if (!MARKS.has(lexeme)) at += lexeme.length
  }
  return text.length
}

/** Also the tabs between a key and its collection; not those that indent. */
function blankEnd(part: string): string {
  let start = part.length
  while (isBlank(part[start - 1])) start -= 1
  return ['\n', undefined].includes(part[start - 1])
    ? part
    : part.slice(0, start) + blanksFor(part.slice(start))
}

/** Behind the bracket that closes the collection, whatever the indentation in it. */
function endOfFlow(text: string, start: number): number {
  let depth = 0
  for (let at = start; at < text.length; at = next(text, at)) {
    const character = text[at] ?? ''
    if ('[{'.includes(character)) depth += 1
    else if (']}'.includes(character) && --depth === 0) return at + 1
  }
  return text.length
}

/** Behind the character, or the comment or quoted value that starts with it. */
function next(text: string, at: number): number {
  const character = text[at] ?? ''
  const before = text[at - 1] ?? ''
  if (character === '#' && ' \t\r\n'.includes(before)) return indexOf(text, '\n', at)
  const isQuote = character === '"' || character === "'"
  if (!isQuote || !' \t\r\n,:[{'.includes(before)) return at + 1
  let end = at + 1
  while (end < text.length && text[end] !== character) {
    end += character === '"' && text[end] === '\\' ? 2 : 1
  }
  return Math.min(end + 1, text.length)
}

function indexOf(text: string, wanted: string, from: number): number {
  const at = text.indexOf(wanted, from)
  return at < 0 ? text.length : at
}

function blanked(text: string, start: number, end: number): string {
  const parts: string[] = []
  let before = ''
  for (let at = start; at < end;) {
    let to = next(text, at)
    if (isBlank(text[at])) {
      while (to < end && isBlank(text[to])) to += 1
      const run = text.slice(at, to)
      parts.push(isInText(before, text[to] ?? '') ? run : blanksFor(run))
    } else {
      const part = text.slice(at, to)
      // Tabs at the start of a line are no part of a quoted value.
      parts.push(part.replace(/\n[ \t]+/g, blanksFor))
      before = part.at(-1) ?? ''
    }
    at = to
  }
  return parts.join('')
}

function isBlank(character: string | undefined): boolean {
  return character === ' ' || character === '\t'
}

/** Whether what stands between two characters is part of a value without quotes. */
function isInText(before: string, after: string): boolean {
  return ![before, after].some((character) => SEPARATORS.includes(character))
}

const SEPARATORS = ',:[]{}"\'#\r\n'

function blanksFor(run: string): string {
  return run.replaceAll('\t', ' ')
}
