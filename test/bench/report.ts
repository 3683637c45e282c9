import type { Contender } from './stats.js'
import { median, quantile } from './stats.js'

/** One figure of a bench run, next to the peers' in the same run. */
export interface Figure {
  readonly name: string
  readonly metric: string
  readonly unit: string
  readonly value: number
  readonly peers: Readonly<Record<string, number>>
}

/** Prints the contenders side by side; ratios are to the first one. */
export function printTable(
  title: string,
  contenders: readonly Contender[],
  samples: ReadonlyMap<string, readonly number[]>,
): void {
  const base = median(samples.get(contenders[0]?.name ?? '') ?? [])
  const width = Math.max(...contenders.map(({ name }) => name.length))
  console.log(`\n${title}`)
  console.log(`  ${''.padEnd(width)}   median      p99   ratio`)
  for (const { name, note } of contenders) {
    const own = samples.get(name) ?? []
    const cells = [median(own), quantile(own, 0.99)].map((ms) => `${ms.toFixed(2)} ms`.padStart(9))
    const ratio = `${(median(own) / base).toFixed(2)}x`.padStart(7)
    console.log(`  ${name.padEnd(width)} ${cells.join('')} ${ratio}  ${note}`)
  }
}

/** The first contender's median as a figure, with the others as its peers. */
export function medianFigure(
  name: string,
  contenders: readonly Contender[],
  samples: ReadonlyMap<string, readonly number[]>,
): Figure {
  const [first, ...others] = contenders.map((contender) => contender.name)
  return {
    name,
    metric: 'latency_p50',
    unit: 'ms',
    value: median(samples.get(first ?? '') ?? []),
    peers: Object.fromEntries(others.map((peer) => [peer, median(samples.get(peer) ?? [])])),
  }
}
