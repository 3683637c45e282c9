import type { RunnerRow } from '../store/runners.js'

/** A runner and whether it is there. */
export interface KnownRunner {
  readonly runner: RunnerRow
  /** False when nothing was heard of it for a while. */
  readonly online: boolean
}

/** Who takes stages, as they announce themselves. */
export interface RunnerService {
  /** Those heard of within a day, by machine. */
  list(): Promise<readonly KnownRunner[]>
}
