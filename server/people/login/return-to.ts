const CHARS_MAX = 1_000

/** Base of addresses that have none; nothing is ever sent there. */
const HERE = 'http://here.invalid'

/**
 * Where a browser goes after signing in: a path of this server, whatever was asked for. Browsers take `//host`, `/\host`
 * and tabs in between for another host, so what is kept is what a URL parser made of it.
 */
export function safeReturnTo(asked: string | undefined): string {
  if (asked === undefined || asked.length > CHARS_MAX || !asked.startsWith('/')) return '/'
  if (!URL.canParse(asked, HERE)) return '/'
  const url = new URL(asked, HERE)
  // `/.//host` is of this host, and its path is `//host`.
  if (url.origin !== HERE || url.pathname.startsWith('//')) return '/'
  return url.pathname + url.search + url.hash
}
