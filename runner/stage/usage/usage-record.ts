import type { SandboxExit, UsageSample } from '../../../native/lib/types.js'
import type { StepUsage, UsageReport } from '../../../protocol/usage.js'
import { UsageSeries } from './usage-series.js'

/** What only grows while a sandbox runs, and adds up over the tries of a step. */
type Counts = Pick<
  UsageSample,
  'cpuMs' | 'throttledMs' | 'ioReadBytes' | 'ioWriteBytes' | 'networkRxBytes' | 'networkTxBytes'
>

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
  #latest: Latest | null = null
  #orderedMs = 0
  #startMs: number | undefined

  /** @param now a clock in milliseconds that never goes back */
  constructor(now: () => number = () => performance.now()) {
    this.#now = now
  }

  /** Null before the first sample. */
  get report(): UsageReport | null {
    if (this.#latest === null) return null
    const totals = { ...totalsOf(this.#latest), ...known({ startMs: this.#startMs }) }
    return { totals, series: this.#series.rows }
  }

  /** A sandbox is about to start. */
  beginTry(): void {
    this.#startedMs ??= this.#now()
    this.#offsetMs = this.#now() - this.#startedMs
    this.#hasSamples = false
    this.#orderedMs = this.#now()
  }

  /** Its program runs. */
  started(): void {
    this.#startMs = Math.round((this.#now() - this.#orderedMs) * 100) / 100
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
      atMs: this.#offsetMs + atMs,
      cpuMs: counts.cpuMs ?? null,
      throttledMs: counts.throttledMs ?? null,
      memoryBytes: gauges.memoryBytes ?? null,
      pids: gauges.pids ?? null,
      ioReadBytes: counts.ioReadBytes ?? null,
      ioWriteBytes: counts.ioWriteBytes ?? null,
      networkRxBytes: counts.networkRxBytes ?? null,
      networkTxBytes: counts.networkTxBytes ?? null,
      diskBytes: gauges.layerBytes ?? null,
    })
    this.#latest = {
      counts,
      wallMs: this.#wallBeforeMs + atMs,
      memoryPeakBytes: most(this.#latest?.memoryPeakBytes, gauges.memoryPeakBytes),
      pidsPeak: most(this.#latest?.pidsPeak, gauges.pidsPeak ?? gauges.pids),
      diskBytes: gauges.layerBytes,
    }
  }
}

/** What is known of all tries up to now. */
interface Latest {
  readonly counts: Counts
  readonly wallMs: number
  readonly memoryPeakBytes: number | undefined
  readonly pidsPeak: number | undefined
  readonly diskBytes: number | undefined
}

function totalsOf({ counts, wallMs, memoryPeakBytes = 0, pidsPeak, diskBytes }: Latest): StepUsage {
  const { cpuMs = 0, ...more } = counts
  return { cpuMs, memoryPeakBytes, wallMs, ...known({ ...more, pidsPeak, diskBytes }) }
}

interface Gauges {
  readonly memoryBytes?: number | undefined
  readonly memoryPeakBytes?: number | undefined
  readonly pids?: number | undefined
  readonly pidsPeak?: number | undefined
  readonly layerBytes?: number | undefined
}

function sum(before: Counts, used: Counts): Counts {
  return {
    cpuMs: plus(before.cpuMs, used.cpuMs),
    throttledMs: plus(before.throttledMs, used.throttledMs),
    ioReadBytes: plus(before.ioReadBytes, used.ioReadBytes),
    ioWriteBytes: plus(before.ioWriteBytes, used.ioWriteBytes),
    networkRxBytes: plus(before.networkRxBytes, used.networkRxBytes),
    networkTxBytes: plus(before.networkTxBytes, used.networkTxBytes),
  }
}

function plus(one: number | undefined, other: number | undefined): number | undefined {
  return one === undefined ? other : one + (other ?? 0)
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
