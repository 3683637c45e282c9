/** A place in a text that is read from left to right. */
export interface Cursor {
  readonly text: string
  at: number
}

/** Whether the text goes on with `expected`. */
export function isAt({ text, at }: Cursor, expected: string): boolean {
  return text.startsWith(expected, at)
}

/** Goes past `expected`, if the text goes on with it. */
export function skip(cursor: Cursor, expected: string): boolean {
  const isThere = isAt(cursor, expected)
  if (isThere) cursor.at += expected.length
  return isThere
}

/** The letters, digits and underscores that come next. */
export function readName(cursor: Cursor): string {
  NAME.lastIndex = cursor.at
  const name = NAME.exec(cursor.text)?.[0] ?? ''
  cursor.at += name.length
  return name
}

const NAME = /[\p{L}\p{Nd}_]+/uy

/** The characters up to one of `stops`, the start of a reference, or the end. */
export function readUntil(cursor: Cursor, stops: string): string {
  const { text } = cursor
  const start = cursor.at
  while (cursor.at < text.length && !stops.includes(text.charAt(cursor.at))) {
    if (isAt(cursor, '${')) break
    cursor.at += 1
  }
  return text.slice(start, cursor.at)
}

/**
 * The same, for patterns and replacements: there a backslash takes the meaning from a slash or another
 * backslash after it, and `$$` is a `$`.
 */
export function readEscaped(cursor: Cursor, stops: string): string {
  const { text } = cursor
  let read = ''
  while (cursor.at < text.length && !stops.includes(text.charAt(cursor.at))) {
    if (isAt(cursor, '${')) break
    if (isAt(cursor, '\\/') || isAt(cursor, '\\\\') || isAt(cursor, '$$')) cursor.at += 1
    read += text.charAt(cursor.at)
    cursor.at += 1
  }
  return read
}
