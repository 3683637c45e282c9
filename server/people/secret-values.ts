import { createHash, createHmac, randomBytes, timingSafeEqual } from 'node:crypto'

/** How personal access tokens begin, so that people and scanners of leaked secrets know them. */
export const TOKEN_PREFIX = 'spt_'

const RANDOM_BYTES = 32

/** A new personal access token. */
export function newToken(): string {
  return TOKEN_PREFIX + randomBytes(RANDOM_BYTES).toString('hex')
}

/** A new value for a session's cookie. */
export function newSessionValue(): string {
  return randomBytes(RANDOM_BYTES).toString('base64url')
}

/**
 * What is kept of a random value to know it again: SHA-256 as hex. A value of 256 random bits needs no salt and no
 * slow hash, and being looked up by its hash tells an attacker nothing by the time it takes.
 */
export function hashOf(value: string): string {
  return createHash('sha256').update(value).digest('hex')
}

/** The CSRF token of a session, made from its cookie: only who has that can make it, and the database has neither. */
export function csrfTokenOf(sessionValue: string): string {
  return createHmac('sha256', sessionValue).update('sandpiper csrf').digest('base64url')
}

/** Compares without telling by the time how much of it is right. */
export function isSame(given: string, expected: string): boolean {
  const [a, b] = [given, expected].map((text) => createHash('sha256').update(text).digest())
  return a !== undefined && b !== undefined && timingSafeEqual(a, b)
}
