const QUOTED_LENGTH_MAX = 80

/**
 * What could change how a terminal or a page shows the text around it: control characters, line and
 * paragraph separators, and the marks that turn the direction of text.
 */
const UNPRINTABLE =
  // eslint-disable-next-line no-control-regex -- these are what has to go
  /[\u0000-\u001f\u007f-\u009f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ufeff]/g

/** `text` with every character that is not safe to print replaced by U+FFFD; tabs become spaces. */
export function printable(text: string): string {
  return text.replace(/\t/g, ' ').replace(UNPRINTABLE, '\ufffd')
}

/** Text of a pipeline file as it is named in a message: in backquotes, on one line, of bounded length. */
export function quote(text: string): string {
  const short =
    text.length <= QUOTED_LENGTH_MAX ? text : `${text.slice(0, QUOTED_LENGTH_MAX - 1)}\u2026`
  return `\`${printable(short)}\``
}
