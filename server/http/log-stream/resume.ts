import { invalid } from '../error-mapping.js'

const EVENT_ID = /^(?:([1-9]\d{0,8})-)?(\d{1,15})$/

/**
 * Reads a Last-Event-ID header: `LINE` or `ATTEMPT-LINE`. A plain number is of the attempt that was asked
 * for, else of the first, just as ids are given out.
 * @throws SandpiperError SP_HTTP_INVALID
 */
export function readLastEventId(
  header: string | string[] | undefined,
  askedAttempt: number | undefined,
): { readonly attempt: number; readonly line: number } | null {
  if (header === undefined || header === '') return null
  const match = typeof header === 'string' ? EVENT_ID.exec(header) : null
  if (match === null) throw invalid("Header 'Last-Event-ID' is no id of a log's event.")
  const line = Number(match[2])
  if (line === 0) return null
  return { attempt: match[1] === undefined ? (askedAttempt ?? 1) : Number(match[1]), line }
}
