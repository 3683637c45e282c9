import {
  fromUsageRow,
  type StepUsage,
  type UsageRow,
  usageTotals,
} from '../../../protocol/usage.js'

/** What a step used, or has used so far; null is what its runner could not tell. */
export function renderUsage(usageJson: string | null) {
  if (usageJson === null) return null
  const usage = JSON.parse(usageJson) as StepUsage
  return usageTotals(usage)
}

/** One point of a step's usage. */
export function renderUsagePoint(row: UsageRow) {
  const point = fromUsageRow(row)
  return {
    at_ms: point.atMs,
    cpu_ms: point.cpuMs,
    throttled_ms: point.throttledMs,
    memory_bytes: point.memoryBytes,
    pids: point.pids,
    io_read_bytes: point.ioReadBytes,
    io_write_bytes: point.ioWriteBytes,
    network_rx_bytes: point.networkRxBytes,
    network_tx_bytes: point.networkTxBytes,
    disk_bytes: point.diskBytes,
  }
}
