const MINUTE_MS = 60_000
const HOUR_MS = 60 * MINUTE_MS
const DAY_MS = 24 * HOUR_MS

/** A session that nobody uses ends after this time. */
export const SESSION_IDLE_MS = 7 * DAY_MS

/** A session ends after this time, however much it is used. */
export const SESSION_MAX_MS = 30 * DAY_MS

/** Sessions of one person; one more ends the one that was used least lately. */
export const SESSIONS_MAX = 20

/** Tokens of one person. */
export const TOKENS_MAX = 50

/** Uses of a session or token are noted this often at most: a request must not cost a write. */
export const USE_NOTED_MS = MINUTE_MS

/** Roles that are older are asked for anew when their owner turns up. */
export const ROLES_FRESH_MS = 10 * MINUTE_MS

/** Roles that the forge has not confirmed for this time are gone. */
export const ROLES_KEPT_MS = 24 * HOUR_MS

/** Between two tries to ask a forge that did not answer. */
export const SYNC_RETRY_MS = MINUTE_MS

/** How long a request, or a sign-in, waits for roles that it can't do without. */
export const SYNC_WAIT_MS = 5_000

/** Repos of one account of a forge that are remembered; of more, the first ones. */
export const MEMBERSHIPS_MAX = 10_000

/** How long one server may take to renew a token at the forge before another one tries. */
export const RENEWAL_MS = 30_000

/** Tokens that end sooner are renewed before they are used. */
export const TOKEN_SPARE_MS = MINUTE_MS

/** Time between being sent to the forge and coming back from it. */
export const LOGIN_MS = 10 * MINUTE_MS
