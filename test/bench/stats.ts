/** The value below which `share` (0..1) of the samples lie. */
export function quantile(samples: readonly number[], share: number): number {
  const sorted = [...samples].sort((a, b) => a - b)
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? Number.NaN
}

export const median = (samples: readonly number[]): number => quantile(samples, 0.5)

/** Runs `action` and returns how long it took, in milliseconds. */
export async function timed(action: () => Promise<void>): Promise<number> {
  const start = process.hrtime.bigint()
  await action()
  return Number(process.hrtime.bigint() - start) / 1e6
}

/** One thing to measure against others. */
export interface Contender {
  readonly name: string
  /** What it does and has, for the reader of the table. */
  readonly note: string
  run(): Promise<void>
  /** What is left to the background; done between the runs and not timed. */
  settle?(): Promise<void>
}

/**
 * Times every contender `rounds` times, taking turns, so that a noisy neighbour hits all alike. The
 * first `warmup` rounds are not counted.
 * @returns samples in milliseconds, by contender's name.
 */
export async function interleave(
  contenders: readonly Contender[],
  rounds: number,
  warmup = 3,
): Promise<Map<string, number[]>> {
  const samples = new Map<string, number[]>(contenders.map(({ name }) => [name, []]))
  for (let round = -warmup; round < rounds; round++) {
    for (const contender of contenders) {
      const ms = await timed(() => contender.run())
      if (round >= 0) samples.get(contender.name)?.push(ms)
      await contender.settle?.()
    }
  }
  return samples
}
