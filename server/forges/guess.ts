import type { ForgeKind, Forges } from './types.js'

/**
 * Kind of the forge that a repo with that clone address is on, of those that are set up; empty when none is at that
 * host, or several are.
 */
export function forgeOfCloneUrl(forges: Forges, cloneUrl: string): ForgeKind | '' {
  const place = placeOf(cloneUrl)
  if (place === null) return ''
  const found = [...forges.values()].filter(({ settings }) => {
    const { hostname, host } = new URL(settings.url)
    // SSH has another port than the pages of the same forge.
    return place.isHttp ? host === place.host : hostname === place.host
  })
  const [only] = found
  return only !== undefined && found.length === 1 ? only.settings.kind : ''
}

/** Host of the address, with its port for HTTP; null for a path. */
function placeOf(cloneUrl: string): { readonly host: string; readonly isHttp: boolean } | null {
  if (/^[a-z][a-z0-9+.-]*:\/\//i.test(cloneUrl)) {
    if (!URL.canParse(cloneUrl)) return null
    const { protocol, host, hostname } = new URL(cloneUrl)
    const isHttp = protocol === 'https:' || protocol === 'http:'
    return { host: isHttp ? host : hostname, isHttp }
  }
  const scpLike = /^(?:[^@/]+@)?([^:/]+):/.exec(cloneUrl)?.[1]
  return scpLike === undefined ? null : { host: scpLike.toLowerCase(), isHttp: false }
}
