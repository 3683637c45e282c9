import type { IncomingHttpHeaders } from 'node:http'
import { retryAfterMs as askedMs } from '../../protocol/remote-error.js'
import { RETRY_AFTER_MS_MAX } from './limits.js'

/**
 * Milliseconds until a forge wants to be asked again, or null when it does not say. Sources:
 * - `Retry-After`, seconds or a date: RFC 9110, 10.2.3; all six forges, GitHub for its secondary limits
 * - `x-ratelimit-reset`, Unix seconds, when `x-ratelimit-remaining` is 0: GitHub, "Rate limits for the REST API"
 * - `ratelimit-reset`, Unix seconds, when `ratelimit-remaining` is 0: GitLab, "User and IP rate limits"
 */
export function retryAfterMs(headers: IncomingHttpHeaders, now: number): number | null {
  const asked = askedMs(first(headers['retry-after']), now)
  if (asked !== null) return bounded(asked)
  for (const prefix of ['x-ratelimit', 'ratelimit']) {
    if (first(headers[`${prefix}-remaining`]) !== '0') continue
    const reset = Number(first(headers[`${prefix}-reset`]))
    if (reset > 0) return bounded(reset * 1000 - now)
  }
  return null
}

/** True when the answer tells that the limit is used up. */
export function isLimitUsedUp(headers: IncomingHttpHeaders): boolean {
  return headers['retry-after'] !== undefined || first(headers['x-ratelimit-remaining']) === '0'
}

function bounded(ms: number): number {
  return Math.min(Math.max(0, ms), RETRY_AFTER_MS_MAX)
}

function first(value: string | string[] | undefined): string | undefined {
  return typeof value === 'string' ? value : value?.[0]
}
