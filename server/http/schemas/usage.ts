import { Type } from 'typebox'

const Count = Type.Union([Type.Number(), Type.Null()])

/** What a step used in all; null is what its host can't tell. */
export const UsageTotals = Type.Object(
  {
    cpu_ms: Type.Number(),
    memory_peak_bytes: Type.Number(),
    wall_ms: Type.Number(),
    start_ms: Count,
    throttled_ms: Count,
    pids_peak: Count,
    io_read_bytes: Count,
    io_write_bytes: Count,
    network_rx_bytes: Count,
    network_tx_bytes: Count,
    disk_bytes: Count,
  },
  { title: 'UsageTotals' },
)

/** How a step stood at one time of its run. */
export const UsagePoint = Type.Object(
  {
    at_ms: Type.Number({ description: "Since the step's first try began." }),
    cpu_ms: Count,
    throttled_ms: Count,
    memory_bytes: Count,
    pids: Count,
    io_read_bytes: Count,
    io_write_bytes: Count,
    network_rx_bytes: Count,
    network_tx_bytes: Count,
    disk_bytes: Count,
  },
  { title: 'UsagePoint' },
)
