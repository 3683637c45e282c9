import { RE2JS } from 're2js'

/**
 * Patterns of `${NAME#pattern}` and its kin: `*` is any text, `?` one character, a backslash takes the
 * next one as it is. The engine never backtracks, so matching takes no longer than text times pattern.
 */

/** The text without the beginning that a pattern matches: the least, or the most there is. */
export function withoutPrefix(text: string, pattern: string, longest: boolean): string {
  const matcher = RE2JS.compile(`(?s)^(?:${sourceOf(pattern, longest)})`).matcher(text)
  return matcher.find() ? text.slice(matcher.end()) : text
}

/** The text without the end that a pattern matches. */
export function withoutSuffix(text: string, pattern: string, longest: boolean): string {
  const rest = longest ? '.*?' : '.*'
  const source = `(?s)^(${rest})(?:${sourceOf(pattern, true)})$`
  const matcher = RE2JS.compile(source).matcher(text)
  return matcher.find() ? (matcher.group(1) ?? '') : text
}

/** The text with the first match, or all, replaced; each as long as there is one. */
export function replacePattern(text: string, pattern: string, by: string, all: boolean): string {
  if (pattern === '') return text
  const matcher = RE2JS.compile(`(?s)${sourceOf(pattern, true)}`).matcher(text)
  const parts: string[] = []
  let end = 0
  while (matcher.find()) {
    if (matcher.end() === matcher.start()) continue
    parts.push(text.slice(end, matcher.start()), by)
    end = matcher.end()
    if (!all) break
  }
  return parts.join('') + text.slice(end)
}

function sourceOf(pattern: string, longest: boolean): string {
  const parts: string[] = []
  const chars = Array.from(pattern)
  for (let at = 0; at < chars.length; at++) {
    const char = chars[at] ?? ''
    if (char === '*') parts.push(longest ? '.*' : '.*?')
    else if (char === '?') parts.push('.')
    else parts.push(literal(char === '\\' ? (chars[++at] ?? '\\') : char))
  }
  return parts.join('')
}

function literal(char: string): string {
  return /^[\w]$/.test(char) ? char : RE2JS.quote(char)
}
