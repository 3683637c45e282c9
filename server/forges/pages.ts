import { forgeFailed } from './errors.js'
import type { ForgeAnswer, ForgeHttp, ForgeRequest } from './http.js'
import { PAGES_MAX } from './limits.js'

/** Query of the page after this one; null when it is the last. */
export type NextPage = (answer: ForgeAnswer) => Readonly<Record<string, string>> | null

/**
 * Every page of a list, in order. Of where a forge says that the next one is only the query is taken: the address may be
 * the one that people know it by, and not the one that we reach it by.
 * @throws ForgeError, also when there is no end of them
 */
export async function* pagesOf(
  http: ForgeHttp,
  request: ForgeRequest,
  nextPage: NextPage,
): AsyncGenerator<ForgeAnswer> {
  let query = request.query
  for (let pages = 1; ; pages++) {
    const answer = await http.request({ ...request, ...(query ? { query } : {}) })
    yield answer
    const next = nextPage(answer)
    if (next === null) return
    if (pages === PAGES_MAX) throw forgeFailed(http.name, `a list has more than ${pages} pages`)
    query = next
  }
}

/** RFC 8288: `Link: <https://...?page=2>; rel="next"`. GitHub, Gitea, Forgejo, GitLab. */
export const linkedPage: NextPage = ({ headers }) => {
  const { link } = headers
  for (const part of (typeof link === 'string' ? link : '').split(/,\s*(?=<)/)) {
    const match = /^<([^>]*)>(?=.*;\s*rel="?next"?(?:;|$|\s))/.exec(part)
    if (match) return queryOf(match[1] ?? '')
  }
  return null
}

/** The query of an address that a forge gives. */
export function queryOf(url: string): Readonly<Record<string, string>> | null {
  if (!URL.canParse(url)) return null
  return Object.fromEntries(new URL(url).searchParams)
}
