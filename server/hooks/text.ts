import { LINE_LENGTH_MAX, MESSAGE_LENGTH_MAX, URL_LENGTH_MAX } from './limits.js'

/** Text of several lines from outside: without NUL (no environment variable can hold one), cut to size. */
export function cleanText(text: string | null | undefined): string {
  return cut(text ?? '', MESSAGE_LENGTH_MAX).replaceAll('\0', '\uFFFD')
}

/** Text of one line from outside: control characters, newlines too, become spaces; cut to size. */
export function cleanLine(text: string | null | undefined): string {
  // eslint-disable-next-line no-control-regex -- these are what is looked for
  return cut(text ?? '', LINE_LENGTH_MAX).replace(/[\x00-\x1f\x7f\u2028\u2029]/g, ' ')
}

/** An http(s) URL from outside, or nothing: a page may make it a link. */
export function cleanUrl(text: string | null | undefined): string {
  if (!text || text.length > URL_LENGTH_MAX || !URL.canParse(text)) return ''
  const url = new URL(text)
  return url.protocol === 'https:' || url.protocol === 'http:' ? url.href : ''
}

/** A time from outside, as ISO 8601 or in Unix milliseconds; nothing when it is none, or before 1970. */
export function cleanTime(time: string | number | null | undefined): number | undefined {
  const ms = typeof time === 'string' ? Date.parse(time) : (time ?? Number.NaN)
  return Number.isSafeInteger(ms) && ms >= 0 && ms <= TIME_MAX ? ms : undefined
}

/** The latest time that a Date can hold. */
const TIME_MAX = 8.64e15

/** Cuts to a length and replaces half surrogate pairs, those that the cut made too. */
function cut(text: string, length: number): string {
  return text.slice(0, length).replace(/\p{Surrogate}/gu, '\uFFFD')
}

/** A mail address from outside, or nothing: GitLab writes `[REDACTED]` for those that are private. */
export function cleanEmail(text: string | null | undefined): string {
  return text?.includes('@') ? cleanLine(text) : ''
}
