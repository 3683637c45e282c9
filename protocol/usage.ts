/** What a step used. Optional is what not every host can tell. */
export interface StepUsage {
  /** CPU time, user and system together, in milliseconds. */
  readonly cpuMs: number
  /** Highest memory use of the step's cgroup, in bytes; page cache counts. */
  readonly memoryPeakBytes: number
  /** Wall time of the sandbox in milliseconds. */
  readonly wallMs: number
  /** From the order to start its last sandbox until its program ran, in milliseconds. */
  readonly startMs?: number
  /** Time for which the CPU limit kept it waiting, added up over the CPUs, in milliseconds. */
  readonly throttledMs?: number
  /** Most processes and threads at a time. */
  readonly pidsPeak?: number
  /** Bytes that went to disks and came from them. */
  readonly ioReadBytes?: number
  readonly ioWriteBytes?: number
  /**
   * Bytes through its stage's uplink while it ran, whichever step they were of; those of a step with a
   * network of its own, as services have, are all through that.
   */
  readonly networkRxBytes?: number
  readonly networkTxBytes?: number
  /** What its writable layer held in the end. */
  readonly diskBytes?: number
}

/** The same as the API and `exec --json` tell it: null is what the runner could not tell. */
export function usageTotals(usage: StepUsage) {
  return {
    cpu_ms: usage.cpuMs,
    memory_peak_bytes: usage.memoryPeakBytes,
    wall_ms: usage.wallMs,
    start_ms: usage.startMs ?? null,
    throttled_ms: usage.throttledMs ?? null,
    pids_peak: usage.pidsPeak ?? null,
    io_read_bytes: usage.ioReadBytes ?? null,
    io_write_bytes: usage.ioWriteBytes ?? null,
    network_rx_bytes: usage.networkRxBytes ?? null,
    network_tx_bytes: usage.networkTxBytes ?? null,
    disk_bytes: usage.diskBytes ?? null,
  }
}

/** What a point of a series tells, in the order of a row's values. */
export const USAGE_COLUMNS = [
  'atMs',
  'cpuMs',
  'throttledMs',
  'memoryBytes',
  'pids',
  'ioReadBytes',
  'ioWriteBytes',
  'networkRxBytes',
  'networkTxBytes',
  'diskBytes',
] as const

export type UsageColumn = (typeof USAGE_COLUMNS)[number]

/**
 * How a step stood at one time: milliseconds since its first sandbox started, counts so far, and of memory and
 * processes the most since the point before. Null is what nothing tells.
 */
export type UsagePoint = { readonly atMs: number } & Readonly<
  Record<Exclude<UsageColumn, 'atMs'>, number | null>
>

/** A point as it travels and is stored: a value for each column, whole numbers. */
export type UsageRow = readonly (number | null)[]

/** Points of a series at most: it grows coarser as the step runs on. */
export const USAGE_POINTS_MAX = 120

/** Usage so far of a step that runs, or of one that has ended. */
export interface UsageReport {
  readonly totals: StepUsage
  readonly series: readonly UsageRow[]
}

export function toUsageRow(point: UsagePoint): UsageRow {
  return USAGE_COLUMNS.map((column) => {
    const value = point[column]
    return value === null ? null : Math.round(value)
  })
}

export function fromUsageRow(row: UsageRow): UsagePoint {
  const entries = USAGE_COLUMNS.map((column, index) => [column, row[index] ?? null] as const)
  return { ...(Object.fromEntries(entries) as UsagePoint), atMs: row[0] ?? 0 }
}
