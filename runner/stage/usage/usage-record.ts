import type { SandboxExit, UsageSample } from '../../../native/lib/types.js'
import type { StepUsage, UsagePoint, UsageReport } from '../../../protocol/usage.js'
import { UsageSeries } from './usage-series.js'

/** What only grows while a sandbox runs, and adds up over the tries of a step. */
const COUNTS = [
  'cpuMs',
  'throttledMs',
  'ioReadBytes',
  'ioWriteBytes',
  'networkRxBytes',
  'networkTxBytes',
] as const

type Counts = { readonly [K in (typeof COUNTS)[number]]?: number | undefined }

/** What a step uses, over all of its tries: as a series, and in all. */
export class UsageRecord {
  readonly #series = new UsageSeries()
  readonly #now: () => number
  #startedMs: number | null = null
  /** When the current try started, since the first one did. */
  #offsetMs = 0
  /** Counts and wall time of the tries before the current one. */
  #before: Counts = {}
  #wallBeforeMs = 0
  #hasSamples = false
  #totals: StepUsage | null = null

  /** @param now a clock in milliseconds that never goes back */
  constructor(now: () => number = () => performance.now()) {
    this.#now = now
  }

  /** Null before the first sample. */
  get report(): UsageReport | null {
    return this.#totals === null ? null : { totals: this.#totals, series: this.#series.rows }
  }

  /** A sandbox is about to start. */
  beginTry(): void {
    this.#startedMs ??= this.#now()
    this.#offsetMs = this.#now() - this.#startedMs
    this.#hasSamples = false
  }

  add(sample: UsageSample): void {
    this.#hasSamples = true
    const { memoryBytes, memoryPeakBytes, pids, layerBytes } = sample
    this.#put(sample, sample.atMs, { memoryBytes, memoryPeakBytes, pids, layerBytes })
  }

  /** The sandbox has ended: what it used in all is the last point. */
  endTry(exit: SandboxExit): void {
    const { memoryPeakBytes, pidsPeak } = exit
    const layerBytes = exit.layer?.bytes
    // One that was over before the first sample has its peaks alone to show.
    const gauges = this.#hasSamples ? {} : { memoryBytes: memoryPeakBytes, pids: pidsPeak }
    this.#put(exit, exit.wallMs, { ...gauges, memoryPeakBytes, pidsPeak, layerBytes })
    this.#before = sum(this.#before, exit)
    this.#wallBeforeMs += exit.wallMs
  }

  #put(used: Counts, atMs: number, gauges: Gauges): void {
    const counts = sum(this.#before, used)
    this.#series.add({
      ...pointOf(counts),
      atMs: this.#offsetMs + atMs,
      memoryBytes: gauges.memoryBytes ?? null,
      pids: gauges.pids ?? null,
      diskBytes: gauges.layerBytes ?? null,
    })
    this.#totals = this.#totalsOf(counts, this.#wallBeforeMs + atMs, gauges)
  }

  #totalsOf(counts: Counts, wallMs: number, gauges: Gauges): StepUsage {
    const had = this.#totals
    const peak = Math.max(had?.memoryPeakBytes ?? 0, gauges.memoryPeakBytes ?? 0)
    const pidsPeak = most(had?.pidsPeak, gauges.pidsPeak ?? gauges.pids)
    const { cpuMs = 0, ...more } = counts
    return {
      ...{ cpuMs, memoryPeakBytes: peak, wallMs },
      ...known({ ...more, pidsPeak, diskBytes: gauges.layerBytes }),
    }
  }
}

interface Gauges {
  readonly memoryBytes?: number | undefined
  readonly memoryPeakBytes?: number | undefined
  readonly pids?: number | undefined
  readonly pidsPeak?: number | undefined
  readonly layerBytes?: number | undefined
}

function sum(before: Counts, used: Counts): Counts {
  const entries = COUNTS.map((name) => {
    const [one, other] = [before[name], used[name]]
    return [name, one === undefined ? other : one + (other ?? 0)] as const
  })
  return Object.fromEntries(entries)
}

function pointOf(counts: Counts): Pick<UsagePoint, (typeof COUNTS)[number]> {
  const entries = COUNTS.map((name) => [name, counts[name] ?? null] as const)
  return Object.fromEntries(entries) as Pick<UsagePoint, (typeof COUNTS)[number]>
}

function most(one: number | undefined, other: number | undefined): number | undefined {
  if (one === undefined || other === undefined) return one ?? other
  return Math.max(one, other)
}

/** Without what is undefined, as it is to travel as JSON. */
function known<T extends object>(values: T): { readonly [K in keyof T]?: number } {
  const entries = Object.entries(values as Record<string, number | undefined>)
  return Object.fromEntries(entries.filter(([, value]) => value !== undefined)) as {
    readonly [K in keyof T]?: number
  }
}
