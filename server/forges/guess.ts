import type { ForgeKind, Forges, ForgeSettings } from './types.js'

/** What a repo is called here, and where it is cloned from. */
export interface NamedAddress {
  readonly owner: string
  readonly name: string
  readonly cloneUrl: string
}

/**
 * Kind of the forge that a repo is on, of those that are set up; empty when none is at that host, or several are, or
 * the repo has another name there: whoever has rights in the repo of the same name must not get them in this one.
 */
export function forgeOfRepo(
  forges: Forges,
  { owner, name, cloneUrl }: NamedAddress,
): ForgeKind | '' {
  const place = placeOf(cloneUrl)
  if (place === null) return ''
  const found = [...forges.values()].filter(({ settings }) => {
    const { hostname, host } = new URL(settings.url)
    // SSH has another port than the pages of the same forge.
    return place.isHttp ? host === place.host : hostname === place.host
  })
  const [only] = found
  if (only === undefined || found.length > 1) return ''
  const isSame = pathsOf(only.settings, place.isHttp).some(
    (base) => `${base}/${owner}/${name}`.toLowerCase() === place.path.toLowerCase(),
  )
  return isSame ? only.settings.kind : ''
}

/** What a clone address has before the repo's name: where the forge is below its host, for HTTP. */
function pathsOf({ kind, url }: ForgeSettings, isHttp: boolean): readonly string[] {
  const below = isHttp ? new URL(url).pathname.replace(/\/$/, '') : ''
  return kind === 'bitbucket-server' && isHttp ? [below, `${below}/scm`] : [below]
}

interface Place {
  readonly host: string
  readonly isHttp: boolean
  /** From a slash on, without `.git`. */
  readonly path: string
}

/** Host of the address, with its port for HTTP; null for a path. */
function placeOf(cloneUrl: string): Place | null {
  if (/^[a-z][a-z0-9+.-]*:\/\//i.test(cloneUrl)) {
    if (!URL.canParse(cloneUrl)) return null
    const { protocol, host, hostname, pathname: path } = new URL(cloneUrl)
    const isHttp = protocol === 'https:' || protocol === 'http:'
    return { host: isHttp ? host : hostname, isHttp, path: repoPathOf(path) }
  }
  const [, host, path] = /^(?:[^@/]+@)?([^:/]+):(.*)$/.exec(cloneUrl) ?? []
  if (host === undefined || path === undefined) return null
  return { host: host.toLowerCase(), isHttp: false, path: repoPathOf(path) }
}

function repoPathOf(path: string): string {
  return `/${path.replace(/^\/+/, '')}`.replace(/\/$/, '').replace(/\.git$/, '')
}
