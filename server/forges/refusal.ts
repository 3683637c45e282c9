import type { IncomingHttpHeaders } from 'node:http'
import { oneLine } from '../../protocol/remote-error.js'
import type { ForgeError } from './errors.js'
import { forgeFailed, forgeRateLimited, forgeUnauthorized } from './errors.js'
import { FORGE_TEXT_MAX } from './limits.js'
import { isLimitUsedUp, retryAfterMs } from './retry-after.js'

/**
 * What an answer that is none of the expected ones means, and whether another try may help:
 * - 429, and 403 with a limit that is used up (GitHub): after the time that the forge names
 * - 408, 425, 5xx: the forge's trouble, which passes
 * - 401: never, another token is needed
 * - all else (403, 404, 409, 422, ...): never, the request itself is refused
 */
export function refusal(
  where: string,
  answer: { readonly status: number; readonly headers: IncomingHttpHeaders; readonly text: string },
): ForgeError {
  const { status, headers, text } = answer
  const afterMs = retryAfterMs(headers, Date.now())
  const said = saidBy(text, headers)
  if (status === 429 || (status === 403 && isLimitUsedUp(headers))) {
    return forgeRateLimited(where, { status, afterMs })
  }
  if (status === 401) return forgeUnauthorized(where, said)
  const again = status === 408 || status === 425 || status >= 500
  return forgeFailed(where, `it answers ${status}${said}`, { status, again, afterMs })
}

/** The forge's own words, as they may stand in a message. */
function saidBy(text: string, headers: IncomingHttpHeaders): string {
  if (!/\bjson\b/i.test(headers['content-type'] ?? '')) return ''
  const words = oneLine(wordsOf(text), FORGE_TEXT_MAX)
  return words === '' ? '' : `: ${words}`
}

/**
 * GitHub, Gitea: `{message}`; GitLab: `{message}` (text, or an object of lists) or `{error}`;
 * Bitbucket: `{error: {message}}`; Bitbucket Server: `{errors: [{message}]}`.
 */
function wordsOf(text: string): string {
  let body: unknown
  try {
    body = JSON.parse(text)
  } catch {
    return ''
  }
  const { message, error, errors, error_description: description } = fieldsOf(body)
  const listed = Array.isArray(errors) ? fieldsOf(errors[0]).message : undefined
  const said = [message, description, fieldsOf(error).message, error, listed]
  const found = said.find((one) => one !== undefined && one !== null && one !== '')
  return typeof found === 'string' ? found : JSON.stringify(found ?? '').slice(0, 1000)
}

function fieldsOf(value: unknown): Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {}
}
