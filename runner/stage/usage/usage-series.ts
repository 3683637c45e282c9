import {
  toUsageRow,
  USAGE_POINTS_MAX,
  type UsagePoint,
  type UsageRow,
} from '../../../protocol/usage.js'

const INTERVAL_MS = 1000

/**
 * The points of a step's usage, a bounded number of them: each stands for an interval, which doubles
 * whenever they become too many.
 */
export class UsageSeries {
  #points: UsagePoint[] = []
  #intervalMs = INTERVAL_MS

  get last(): UsagePoint | undefined {
    return this.#points.at(-1)
  }

  get rows(): readonly UsageRow[] {
    return this.#points.map(toUsageRow)
  }

  /** Takes a point that is not older than the last one. */
  add(point: UsagePoint): void {
    this.#put(this.#points, point)
    while (this.#points.length > USAGE_POINTS_MAX) this.#coarsen()
  }

  #coarsen(): void {
    this.#intervalMs *= 2
    const points: UsagePoint[] = []
    for (const point of this.#points) this.#put(points, point)
    this.#points = points
  }

  #put(points: UsagePoint[], point: UsagePoint): void {
    const last = points.at(-1)
    if (last === undefined) points.push(point)
    else if (this.#slotOf(last) === this.#slotOf(point)) points.splice(-1, 1, merge(last, point))
    else points.push(merge({ ...last, memoryBytes: null, pids: null }, point))
  }

  #slotOf({ atMs }: UsagePoint): number {
    return Math.floor(atMs / this.#intervalMs)
  }
}

/** Counts never go down, whatever a reading says that came while processes ended. */
function merge(older: UsagePoint, newer: UsagePoint): UsagePoint {
  return {
    atMs: newer.atMs,
    cpuMs: most(older.cpuMs, newer.cpuMs),
    throttledMs: most(older.throttledMs, newer.throttledMs),
    memoryBytes: most(older.memoryBytes, newer.memoryBytes),
    pids: most(older.pids, newer.pids),
    ioReadBytes: most(older.ioReadBytes, newer.ioReadBytes),
    ioWriteBytes: most(older.ioWriteBytes, newer.ioWriteBytes),
    networkRxBytes: most(older.networkRxBytes, newer.networkRxBytes),
    networkTxBytes: most(older.networkTxBytes, newer.networkTxBytes),
    diskBytes: newer.diskBytes ?? older.diskBytes,
  }
}

function most(one: number | null, other: number | null): number | null {
  if (one === null || other === null) return one ?? other
  return Math.max(one, other)
}
