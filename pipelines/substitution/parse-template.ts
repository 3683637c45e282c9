import type { Cursor } from './cursor.js'
import { parseReference, TOO_DEEP } from './parse-reference.js'
import type { Malformed, Part, Template } from './template.js'

/**
 * Reads a text the way drone/envsubst does: `$${` and `$$` stand for `${` and `$`, and a `$` without a
 * brace for itself. Where a `${` starts nothing that can be understood drone/envsubst gives the whole
 * file up; here it stays as it is, and is told of. In linear time: how deep references can be nested is
 * bounded, and with it how often a character is looked at.
 */
export function parseTemplate(text: string): Template {
  const parts: Part[] = []
  const malformed: Malformed[] = []
  const cursor: Cursor = { text, at: 0 }
  let told = 0
  while (cursor.at < text.length) {
    const dollar = text.indexOf('$', cursor.at)
    const next = dollar === -1 ? text.length : dollar
    if (next > cursor.at) parts.push(text.slice(cursor.at, next))
    if (dollar === -1) break
    cursor.at = dollar
    const problem = readDollar(cursor, parts)
    if (problem === undefined) continue
    if (problem.reason === TOO_DEEP) {
      malformed.push({ at: dollar, reason: TOO_DEEP })
      parts.push(text.slice(cursor.at))
      break
    }
    if (dollar < told) continue
    malformed.push({ at: dollar, reason: problem.reason })
    // What is inside of it is not told of as well.
    told = problem.until
  }
  return { parts, malformed }
}

function readDollar(
  cursor: Cursor,
  parts: Part[],
): { readonly reason: string; readonly until: number } | undefined {
  const { text, at } = cursor
  if (text.charAt(at + 1) !== '{') {
    parts.push('$')
    cursor.at += text.charAt(at + 1) === '$' ? 2 : 1
    return undefined
  }
  const parsed = parseReference(cursor)
  if (typeof parsed !== 'string') {
    parts.push(parsed)
    return undefined
  }
  const until = cursor.at
  parts.push('${')
  cursor.at = at + 2
  return { reason: parsed, until }
}
