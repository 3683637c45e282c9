import type { Figure } from '../report.js'
import type { SandboxMaker } from './contender.js'
import type { Load } from './load.js'
import type { SandboxMemory } from './memory.js'
import type { Kept } from './promises.js'
import type { Stopwatch } from './stopwatch.js'

/** A figure for each of ours and each metric, with the peers' beside it. */
export function loadFigures(
  ours: readonly SandboxMaker[],
  loads: ReadonlyMap<number, ReadonlyMap<string, Load>>,
): Figure[] {
  return [...loads].flatMap(([atOnce, byName]) =>
    METRICS.flatMap(({ metric, unit, read }) => {
      const values = [...byName].map(([name, load]) => [name, read(load)] as const)
      return figuresOf(ours, `sandbox.true.${atOnce}`, { metric, unit }, new Map(values))
    }),
  )
}

const METRICS = [
  { metric: 'latency_p50', unit: 'ms', read: ({ p50Ms }: Load) => p50Ms },
  { metric: 'latency_p99', unit: 'ms', read: ({ p99Ms }: Load) => p99Ms },
  {
    metric: 'starts_per_second',
    unit: '1/s',
    read: ({ startsPerSecond }: Load) => startsPerSecond,
  },
]

export function memoryFigures(
  ours: readonly SandboxMaker[],
  memory: ReadonlyMap<string, SandboxMemory>,
): Figure[] {
  return (['running', 'waiting'] as const).flatMap((state) =>
    (['processes', 'kernel'] as const).flatMap((part) => {
      const values = new Map<string, number>()
      for (const [name, { [state]: use }] of memory) if (use) values.set(name, use[part])
      const what = { metric: `memory_${state}_${part}`, unit: 'bytes' }
      return figuresOf(ours, 'sandbox.memory', what, values)
    }),
  )
}

export function phaseFigures(ours: readonly SandboxMaker[], stopwatch: Stopwatch): Figure[] {
  return ours.flatMap(({ name }) =>
    stopwatch.phasesOf(name).map(({ phase, ms }) => ({
      name: `sandbox.phase: ${name}: ${phase}`,
      ...{ metric: 'latency_p50', unit: 'ms', value: ms, peers: {} },
    })),
  )
}

export function promiseFigures(kept: readonly Kept[]): Figure[] {
  return kept.map(({ what, ratio, bound }) => ({
    name: `sandbox.promise: ${what} (${bound})`,
    ...{ metric: 'ratio', unit: 'x', value: ratio, peers: {} },
  }))
}

function figuresOf(
  ours: readonly SandboxMaker[],
  prefix: string,
  what: { readonly metric: string; readonly unit: string },
  values: ReadonlyMap<string, number>,
): Figure[] {
  const own = new Set(ours.map(({ name }) => name))
  const peers = Object.fromEntries([...values].filter(([name]) => !own.has(name)))
  return [...own].flatMap((name) => {
    const value = values.get(name)
    return value === undefined ? [] : [{ name: `${prefix}: ${name}`, ...what, value, peers }]
  })
}
