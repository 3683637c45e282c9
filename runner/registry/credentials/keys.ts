const DOCKER_HUB = new Set(['docker.io', 'index.docker.io', 'registry-1.docker.io'])

/**
 * A key of `auths` as `HOST[:PORT][/PATH]`, whichever way it is spelled: Docker writes
 * `https://index.docker.io/v1/` for its own registry and bare hosts for others, older versions URLs with
 * `/v1/` or `/v2/`; podman and skopeo write paths of repositories too (containers-auth.json(5)).
 */
export function registryKey(text: string): string {
  const bare = text
    .trim()
    .replace(/^https?:\/\//i, '')
    .replace(/\/+$/, '')
  const [host = '', ...path] = bare.split('/')
  const isApi = path.length === 1 && /^v[12]$/.test(path[0] ?? '')
  const name = host.toLowerCase()
  return [DOCKER_HUB.has(name) ? 'docker.io' : name, ...(isApi ? [] : path)].join('/')
}

/** The keys that hold for a repository, the most specific first: `HOST/a/b`, `HOST/a`, `HOST`. */
export function keysFor(host: string, repository: string): string[] {
  const parts = [registryKey(host), ...repository.split('/').filter((part) => part !== '')]
  return parts.map((_, index) => parts.slice(0, parts.length - index).join('/'))
}
