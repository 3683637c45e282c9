/** How often the table is looked at for what is due, in milliseconds. */
export const POLL_MS = 1_000
/** Statuses on their way to one forge at a time, from one server. */
export const CONCURRENCY = 4

/** Between two statuses of a build that has not ended, in milliseconds. */
export const GAP_MS = 5_000

/**
 * How long a status is one server's. Everything that it does with the forge is over long before, or is not begun:
 * two servers never send the same one.
 */
export const CLAIM_MS = 60_000
/** Time to send one, with redirects; the rest of the claim is for finding the token and for what may stall. */
export const SEND_MS = 25_000

/** First wait after a failure, which doubles, and the longest. */
export const BACKOFF_MS = 2_000
export const BACKOFF_MS_MAX = 5 * 60_000
/** For how long a forge in trouble is tried. */
export const GIVE_UP_MS = 24 * 60 * 60_000

/** GitHub's bound, which is the lowest, of a description's characters. */
export const DESCRIPTION_LENGTH_MAX = 140
export const ERROR_LENGTH_MAX = 1_000
