/** How waitpid(2) packs a status. */
const SIGNAL_MASK = 0x7f
const CODE_SHIFT = 8

/** How a process ended: its exit code, or the number of the signal that ended it; the other is null. */
export interface ProcessEnd {
  readonly code: number | null
  readonly signal: number | null
}

/** Takes a wait status of waitpid(2) apart. */
export function unpackStatus(status: number): ProcessEnd {
  const signal = status & SIGNAL_MASK
  return {
    code: signal === 0 ? (status >> CODE_SHIFT) & 0xff : null,
    signal: signal === 0 ? null : signal,
  }
}
