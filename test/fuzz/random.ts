/** A source of numbers that gives the same ones for the same seed (mulberry32). */
export interface Random {
  /** A whole number from 0 to `below` - 1. */
  next(below: number): number
  pick<T>(list: readonly T[]): T
}

export function createRandom(seed: number): Random {
  let state = seed >>> 0
  const next = (below: number): number => {
    state = (state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return ((mixed ^ (mixed >>> 14)) >>> 0) % Math.max(1, below)
  }
  return {
    next,
    pick(list) {
      const one = list[next(list.length)]
      if (one === undefined) throw new Error('there is nothing to pick from')
      return one
    },
  }
}
