import type { Load } from './load.js'

/** One of the ratios that Sandpiper promises. */
export interface Promised {
  readonly what: string
  readonly of: string
  readonly to: string
  readonly atOnce: number
  readonly measure: (load: Load) => number
  readonly atMost?: number
  readonly atLeast?: number
}

export interface Kept {
  readonly what: string
  readonly ratio: number
  /** In words, such as `at most 0.8`. */
  readonly bound: string
  readonly isKept: boolean
}

/** Holds the promises against what was measured; those that lack a side are left out. */
export function checkPromises(
  promises: readonly Promised[],
  loads: ReadonlyMap<number, ReadonlyMap<string, Load>>,
): Kept[] {
  return promises.flatMap(({ what, of, to, atOnce, measure, atMost, atLeast }) => {
    const [one, other] = [of, to].map((name) => loads.get(atOnce)?.get(name))
    if (one === undefined || other === undefined) return []
    const ratio = measure(one) / measure(other)
    const isKept = ratio <= (atMost ?? Infinity) && ratio >= (atLeast ?? 0)
    const bound = atMost === undefined ? `at least ${atLeast}` : `at most ${atMost}`
    return [{ what, ratio, bound, isKept }]
  })
}
