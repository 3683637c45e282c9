/** Bounds on what one git operation may take. */
export interface GitLimits {
  /** Longest silence of a git process, in milliseconds; fetches print progress all the time. */
  readonly idleTimeoutMs: number
  /** Longest run of one git process, in milliseconds. */
  readonly totalTimeoutMs: number
  /** Longest wait for another process that works on the same mirror, in milliseconds. */
  readonly lockTimeoutMs: number
}

export const DEFAULT_GIT_LIMITS: GitLimits = {
  idleTimeoutMs: 2 * 60_000,
  totalTimeoutMs: 30 * 60_000,
  lockTimeoutMs: 45 * 60_000,
}

/** Commits of history that are fetched when the caller names no depth. */
export const DEFAULT_DEPTH = 50

/** What git takes for "all of it": `fetch --depth` with this number is `--unshallow` (git-fetch(1)). */
export const DEPTH_ALL = 2_147_483_647

/** Bytes of git's own words that are kept for an error. */
export const GIT_MESSAGE_BYTES_MAX = 4096

/** Bytes of tree and commit objects that `readFile` reads on the way to a file. */
export const OBJECT_OVERHEAD_BYTES_MAX = 8 * 1024 * 1024

export const REF_LENGTH_MAX = 1000
export const PATH_LENGTH_MAX = 4000
export const URL_LENGTH_MAX = 4000

/** Commit refs that a mirror keeps, and how many more may gather before the oldest are dropped. */
export const COMMIT_REFS_KEPT = 256
export const HOUSEKEEPING_EVERY_FETCHES = 64

/** Changed files that are told of, and bytes of their paths; what is over is told as not known. */
export const CHANGED_FILES_MAX = 20_000
export const CHANGED_BYTES_MAX = 1024 * 1024

/** Commits of history that are fetched to find where two commits parted. */
export const MERGE_BASE_DEPTH = 1000
