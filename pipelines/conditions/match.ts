import type { Condition } from '../schema/condition-shape.js'
import type { GlobMatcher } from './glob-matcher.js'

/** Whether one condition holds for a value: what is excluded is out, then what is included is in. */
export function holds(condition: Condition, value: string, matches: GlobMatcher): boolean {
  return holdsForAny(condition, [value], matches)
}

/** The same for something with several names: each may be excluded, or included, by any of them. */
export function holdsForAny(
  { include, exclude, node }: Condition,
  names: readonly string[],
  matches: GlobMatcher,
): boolean {
  const matchesAny = (patterns: Condition['include']): boolean =>
    patterns.some((glob) => names.some((name) => matches(glob, name, node)))
  if (matchesAny(exclude)) return false
  return include.length === 0 || matchesAny(include)
}
