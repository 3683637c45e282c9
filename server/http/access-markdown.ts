import type { Access, AccessEntry } from './access.js'

/** Who `Access` lets in, in words, for docs/access.md. */
const WHO: Readonly<Record<Access, string>> = {
  open: 'anybody',
  hook: "whoever signs with the repo's hook secret",
  metrics: 'whoever has the token of the metrics, or that of the installation',
  user: 'whoever is signed in',
  admin: 'administrators of the installation',
  'org:admin': 'who is admin of every repo of the namespace',
  'repo:read': 'who may read the repo',
  'repo:write': 'who may write to the repo; when it is protected, its admins',
  'repo:admin': 'admins of the repo',
}

/** The table of every route with who may call it, as Markdown. */
export function accessMarkdown(table: readonly AccessEntry[]): string {
  // Fastify answers HEAD wherever it answers GET, and asks the same of who sends it.
  const shown = table.filter(({ method }) => method !== 'HEAD' && method !== 'OPTIONS')
  const rows = [...shown]
    .sort((a, b) => compare(a.url, b.url) || compare(a.method, b.method))
    .map(
      ({ method, url, access }) =>
        `| \`${method} ${plainUrl(url)}\` | \`${access}\` | ${WHO[access]} |`,
    )
  return ['| route | access | who may call it |', '| --- | --- | --- |', ...rows, ''].join('\n')
}

/** A route's address without the patterns of its parameters: `/:owner(^[a-z]+$)` is `/:owner`. */
export function plainUrl(url: string): string {
  let depth = 0
  let plain = ''
  for (const character of url) {
    if (character === '(') depth += 1
    if (depth === 0) plain += character
    if (character === ')') depth -= 1
  }
  return plain
}

function compare(a: string, b: string): number {
  return a < b ? -1 : Number(a > b)
}
