/**
 * How the reader of runners' reports keeps its time, in milliseconds. A reader that has not caught up
 * for `gapMsMax` is deaf, and leases do not end; that must be noticed well before one would.
 */
export function uplinkTimes(leaseMs: number): {
  readonly blockMs: number
  readonly gapMsMax: number
} {
  return {
    blockMs: Math.floor(Math.min(1_000, leaseMs / 8)),
    gapMsMax: Math.min(5_000, leaseMs / 2),
  }
}
