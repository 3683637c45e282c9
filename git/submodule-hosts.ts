import type { RemoteUrl } from './remote-url.js'

/** In a list of hosts: submodules may come from anywhere. */
export const ANY_HOST = '*'

/** What a URL that is not allowed is turned into: a transport that no git process of ours may use. */
export const REFUSED_SCHEME = 'refused'

const SCHEMES = ['https', 'http', 'git']

const HOST = /^(?:\[[0-9a-f:.]+\]|[a-z0-9][a-z0-9._-]*)(?::\d{1,5})?$/i

/** True for `host`, `host:port` and `[IPv6]:port`, and nothing else: it goes into URLs as it is. */
export function isHost(text: string): boolean {
  return HOST.test(text)
}

/**
 * Options that keep git, and the processes it starts for nested submodules, to URLs of the repo's own host
 * and of `hosts`: `url.<base>.insteadOf` rewrites by the longest prefix (git-config(1)), so that what no
 * rule for a host keeps as it is falls to the empty prefix, whatever it looks like.
 */
export function submoduleRules(remote: RemoteUrl, hosts: readonly string[]): readonly string[] {
  if (hosts.includes(ANY_HOST)) return []
  const allowed = [...ownHosts(remote), ...hosts].filter(isHost)
  const both = new Set(allowed.flatMap((host) => [host, host.toLowerCase()]))
  const prefixes = [...both].flatMap((host) => SCHEMES.map((scheme) => `${scheme}://${host}/`))
  const rules = prefixes.map((prefix) => `url.${prefix}.insteadOf=${prefix}`)
  return [`url.${REFUSED_SCHEME}://.insteadOf=`, ...rules].flatMap((rule) => ['-c', rule])
}

/** A port of ssh says nothing about the host's other servers. */
function ownHosts({ url, transport }: RemoteUrl): readonly string[] {
  if (transport === 'file') return []
  if (/^[a-z][a-z0-9+.-]*:\/\//i.test(url)) {
    const { host, hostname } = new URL(url)
    return [transport === 'ssh' ? hostname : host]
  }
  const scpLike = /^(?:[^@:]*@)?(\[[^\]]*\]|[^:]*):/.exec(url)
  return scpLike?.[1] === undefined ? [] : [scpLike[1]]
}
