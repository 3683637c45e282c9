import type { Flag } from './instruction.js'

/** The flags that an instruction begins with, and what comes after them. */
export function takeFlags(
  text: string,
  escape: string,
): { readonly flags: readonly Flag[]; readonly rest: string } {
  const flags: Flag[] = []
  let at = 0
  for (;;) {
    while (/[ \t]/.test(text.charAt(at))) at++
    if (!text.startsWith('--', at)) return { flags, rest: text.slice(at) }
    const { word, end } = flagAt(text, at, escape)
    at = end
    // `--` alone ends the flags.
    if (word === '--') return { flags, rest: text.slice(at).trimStart() }
    const equals = word.indexOf('=')
    flags.push(
      equals < 0
        ? { name: word.slice(2), value: null }
        : { name: word.slice(2, equals), value: word.slice(equals + 1) },
    )
  }
}

/** One word without its quotes and escapes. */
function flagAt(
  text: string,
  from: number,
  escape: string,
): { readonly word: string; readonly end: number } {
  let word = ''
  let quote = ''
  let at = from
  for (; at < text.length; at++) {
    const char = text.charAt(at)
    if (quote === '' && /\s/.test(char)) break
    if (char === quote) quote = ''
    else if (quote === '' && (char === '"' || char === "'")) quote = char
    else if (char === escape) word += text.charAt(++at)
    else word += char
  }
  return { word, end: at }
}
