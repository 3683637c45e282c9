/** What is to be done with a repository. */
export type Access = 'pull' | 'push'

/** Scopes as token servers want them (distribution's token specification). */
export function scopesFor(
  repository: string,
  access: Access,
  mountFrom?: string,
): readonly string[] {
  const own = `repository:${repository}:${access === 'pull' ? 'pull' : 'pull,push'}`
  return mountFrom === undefined ? [own] : [own, `repository:${mountFrom}:pull`]
}

/** One scope for each resource, with all actions that any of the scopes names. */
export function mergeScopes(scopes: readonly string[]): readonly string[] {
  const actions = new Map<string, Set<string>>()
  for (const scope of scopes) {
    const colon = scope.lastIndexOf(':')
    if (colon <= 0) continue
    const resource = scope.slice(0, colon)
    const known = actions.get(resource) ?? new Set()
    for (const action of scope.slice(colon + 1).split(',')) known.add(action)
    actions.set(resource, known)
  }
  return [...actions].map(([resource, set]) => `${resource}:${[...set].join(',')}`)
}
