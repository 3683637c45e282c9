/** Characters that may stand between the last value of `[a, b, ]` and its bracket. */
const BETWEEN = ' \t\r\n,'

/**
 * Where a list or mapping ends: behind its bracket in flow style, else with what is in it.
 * @param start its first character
 * @param contentEnd where the last thing in it ends
 */
export function endOfCollection(text: string, start: number, contentEnd: number): number {
  const close = { '[': ']', '{': '}' }[text[start] ?? '']
  if (close === undefined) return contentEnd
  let at = contentEnd
  while (BETWEEN.includes(text[at] ?? '-')) at += 1
  return text[at] === close ? at + 1 : contentEnd
}

/**
 * Where the indicator of a block scalar (`|`, `>`) is.
 * @param from where what stands before it ends
 * @param until where its first line starts
 */
export function blockIndicator(text: string, from: number, until: number): number {
  for (let at = from; at < until; at++) {
    const character = text[at]
    if (character === '|' || character === '>') return at
    if (character === '#') at = endOfLine(text, at, until)
  }
  return until
}

/**
 * Where a value that is not there would be: behind the `-` or `:` that asks for it.
 * @param from where what stands before it ends
 */
export function emptyValue(text: string, from: number): number {
  let at = from
  for (; at < text.length; at++) {
    const character = text[at] ?? ''
    if (character === '-' || character === ':') return at + 1
    if (character === '#') at = endOfLine(text, at, text.length)
    else if (!BETWEEN.includes(character)) break
  }
  return from
}

function endOfLine(text: string, at: number, until: number): number {
  const end = text.indexOf('\n', at)
  return end < 0 ? until : end
}
