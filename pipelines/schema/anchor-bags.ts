import type { AnchorUse, Entry, MapNode } from '../parse/tree.js'

/**
 * The keys of a mapping that are there for their anchors: something inside of their value is used by
 * an alias outside of it. Takes n log n: both counts are in the hands of whoever wrote the file.
 */
export function anchorBags(root: MapNode, uses: readonly AnchorUse[]): ReadonlySet<string> {
  const entries = [...root.entries.values()].sort(
    (one, other) => one.keySpan.start - other.keySpan.start,
  )
  const bags = new Set<string>()
  for (const { anchor, alias } of uses) {
    const entry = lastStartingBy(entries, anchor)
    if (entry !== undefined && isInside(entry, anchor) && !isInside(entry, alias)) {
      bags.add(entry.key)
    }
  }
  return bags
}

/** Keys are in the mapping itself; the value of a key may be an alias, and so be anywhere. */
function isInside({ keySpan, value }: Entry, offset: number): boolean {
  return offset >= keySpan.start && offset <= value.span.end
}

function lastStartingBy(sorted: readonly Entry[], offset: number): Entry | undefined {
  let low = 0
  let high = sorted.length
  while (low < high) {
    const middle = Math.floor((low + high) / 2)
    if ((sorted[middle]?.keySpan.start ?? Infinity) <= offset) low = middle + 1
    else high = middle
  }
  return sorted[low - 1]
}
