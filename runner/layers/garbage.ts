/** Something that leads to layers, and by which they stay. */
export interface Root {
  /** Path of its file. */
  readonly path: string
  readonly layers: readonly string[]
  /** When it was used last, in milliseconds after 1970. */
  readonly used: number
  readonly pinned?: boolean
}

export interface Contents {
  /** Sizes in bytes by diff id, of all layers there are, with when they were made. */
  readonly layers: ReadonlyMap<string, { readonly size: number; readonly created: number }>
  /** Images and records. */
  readonly roots: readonly Root[]
  /** Diff ids that somebody needs now. */
  readonly held: ReadonlySet<string>
}

export interface GarbagePlan {
  readonly roots: readonly Root[]
  readonly layers: readonly string[]
  readonly bytes: number
}

/**
 * What has to go so that the layers have at most `bytesMax` together: what was used longest ago first, and of
 * it what nothing else leads to. What is pinned or held stays, so that it may not come to that.
 * @param unused whether what nothing leads to goes in any case
 */
export function planGarbage(contents: Contents, bytesMax: number, unused = false): GarbagePlan {
  const uses = countUses(contents.roots)
  const removed = new Set<string>()
  const roots: Root[] = []
  let total = 0
  for (const { size } of contents.layers.values()) total += size
  const before = total
  const drop = (diffId: string): void => {
    const layer = contents.layers.get(diffId)
    if (layer === undefined || removed.has(diffId) || contents.held.has(diffId)) return
    removed.add(diffId)
    total -= layer.size
  }
  const orphans = [...contents.layers.keys()].filter((diffId) => !uses.has(diffId))
  if (unused) orphans.forEach(drop)
  for (const candidate of byAge(contents, orphans)) {
    if (total <= bytesMax) break
    if (typeof candidate === 'string') {
      drop(candidate)
      continue
    }
    roots.push(candidate)
    for (const diffId of new Set(candidate.layers)) {
      const left = (uses.get(diffId) ?? 1) - 1
      uses.set(diffId, left)
      if (left === 0) drop(diffId)
    }
  }
  return { roots, layers: [...removed], bytes: before - total }
}

function countUses(roots: readonly Root[]): Map<string, number> {
  const uses = new Map<string, number>()
  for (const { layers } of roots) {
    for (const diffId of new Set(layers)) uses.set(diffId, (uses.get(diffId) ?? 0) + 1)
  }
  return uses
}

/** What may go, oldest first: roots that are not pinned nor in use as a whole, and layers without a root. */
function byAge(
  { layers, roots, held }: Contents,
  orphans: readonly string[],
): readonly (Root | string)[] {
  const free = roots.filter(
    (root) => root.pinned !== true && !root.layers.every((id) => held.has(id)),
  )
  const aged = [
    ...free.map((root) => ({ what: root, used: root.used })),
    ...orphans.map((what) => ({ what, used: layers.get(what)?.created ?? 0 })),
  ]
  return aged.sort((a, b) => a.used - b.used).map(({ what }) => what)
}
