/** Where the part of a file that counts ends, and the first thing behind it. */
export interface DocumentEnd {
  /** Offset of the line `...`, or the length of the text. */
  readonly end: number
  /** Offsets of the first line behind it that says something; undefined when there is none. */
  readonly ignored: { readonly start: number; readonly end: number } | undefined
}

/**
 * Looks for a line `...`, behind which Drone reads nothing, further documents neither. As YAML has it
 * there can be nothing else that starts so: in quotes it is an error, and text in a block is indented.
 */
export function documentEnd(text: string): DocumentEnd {
  for (let at = markAt(text, 0); at >= 0; at = markAt(text, at + 1)) {
    if (isMark(text, at)) return { end: at, ignored: firstLine(text, endOfLine(text, at) + 1) }
  }
  return { end: text.length, ignored: undefined }
}

function markAt(text: string, from: number): number {
  if (from === 0 && text.startsWith(MARK)) return 0
  const at = text.indexOf(`\n${MARK}`, Math.max(from - 1, 0))
  return at < 0 ? -1 : at + 1
}

const MARK = '...'

function isMark(text: string, at: number): boolean {
  return ' \t\r\n'.includes(text[at + MARK.length] ?? '\n')
}

/** The first line that is neither blank, nor a comment, nor a mark of a document's start or end. */
function firstLine(text: string, from: number): DocumentEnd['ignored'] {
  for (let start = from; start < text.length; start = endOfLine(text, start) + 1) {
    const end = endOfLine(text, start)
    const line = text.slice(start, end).trim()
    if (!/^(?:---|\.\.\.)?\s*(?:#|$)/.test(line)) return { start, end }
  }
  return undefined
}

function endOfLine(text: string, from: number): number {
  const end = text.indexOf('\n', from)
  return end < 0 ? text.length : end
}
