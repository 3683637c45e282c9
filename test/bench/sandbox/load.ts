import { quantile, timed } from '../stats.js'
import type { SandboxMaker } from './contender.js'

/** Starts of each maker in one turn, by each of those that are at it at once. */
const STARTS_PER_TURN = 4

/** On a busy machine there are fewer turns, so that all ends in time. */
const MS_MAX = 40_000

/** What was measured of one maker with a number of starts at once. */
export interface Load {
  readonly p50Ms: number
  readonly p99Ms: number
  readonly startsPerSecond: number
  readonly starts: number
  /** Further starts, which failed. */
  readonly failures: number
}

/**
 * Lets all makers work with `atOnce` starts at a time, in turns, so that a noisy neighbour hits all alike.
 * A start's time is what its caller waits; starts per second also count what is left to the background.
 */
export async function measureLoad(
  makers: readonly SandboxMaker[],
  atOnce: number,
  turns: number,
): Promise<Map<string, Load>> {
  const tallies = new Map(makers.map((maker) => [maker.name, new Tally()]))
  for (const maker of makers) await turn(maker, atOnce, 1, new Tally())
  const until = performance.now() + MS_MAX
  for (let index = 0; index < turns && performance.now() < until; index++) {
    for (const maker of makers) {
      const isDue = index % Math.round(1 / maker.share) === 0
      const tally = tallies.get(maker.name)
      if (isDue && tally) await turn(maker, atOnce, STARTS_PER_TURN, tally)
    }
  }
  return new Map([...tallies].map(([name, tally]) => [name, tally.sum()]))
}

async function turn(
  maker: SandboxMaker,
  atOnce: number,
  starts: number,
  tally: Tally,
): Promise<void> {
  const work = async (): Promise<void> => {
    for (let index = 0; index < starts; index++) await start(maker, tally)
  }
  tally.elapsedMs += await timed(async () => {
    await allEnded(Array.from({ length: atOnce }, work))
    await maker.settle?.()
  })
}

async function start(maker: SandboxMaker, tally: Tally): Promise<void> {
  try {
    tally.startsMs.push(await timed(() => maker.run()))
  } catch (error) {
    if (maker.mayFail !== true) throw error
    tally.failures++
  }
}

/** Like Promise.all, but nobody is left at work when one has failed. */
async function allEnded(works: readonly Promise<void>[]): Promise<void> {
  await Promise.allSettled(works)
  await Promise.all(works)
}

class Tally {
  readonly startsMs: number[] = []
  failures = 0
  elapsedMs = 0

  sum(): Load {
    const starts = this.startsMs.length
    return {
      p50Ms: quantile(this.startsMs, 0.5),
      p99Ms: quantile(this.startsMs, 0.99),
      startsPerSecond: (starts * 1000) / this.elapsedMs,
      starts,
      failures: this.failures,
    }
  }
}
