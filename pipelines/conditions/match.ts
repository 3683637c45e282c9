import type { Condition } from '../schema/condition-shape.js'

/** Whether one condition holds for a value: what is excluded is out, then what is included is in. */
export function holds(condition: Pick<Condition, 'include' | 'exclude'>, value: string): boolean {
  return holdsForAny(condition, [value])
}

/** The same for something with several names: each may be excluded, or included, by any of them. */
export function holdsForAny(
  { include, exclude }: Pick<Condition, 'include' | 'exclude'>,
  names: readonly string[],
): boolean {
  if (exclude.some((glob) => names.some((name) => glob.matches(name)))) return false
  return include.length === 0 || include.some((glob) => names.some((name) => glob.matches(name)))
}
