/** Time a client has to send a whole request, in milliseconds. */
export const REQUEST_TIMEOUT_MS = 60_000

/** How often Node looks for clients over that time, in milliseconds. */
export const TIMEOUT_CHECK_MS = 5_000

/** Largest JSON body of the API, in bytes. */
export const API_BODY_BYTES_MAX = 64 * 1024

/** Time that open responses get when the server closes, in milliseconds; then their sockets are cut. */
export const CLOSE_GRACE_MS = 2_000

/** Most of a refused body that is read and forgotten before the answer, in bytes. */
export const DISCARDED_BYTES_MAX = 256 * 1024 * 1024

/** Between two heartbeat comments of an event stream, in milliseconds. */
export const HEARTBEAT_MS = 15_000

/** Between two looks at a followed step when nothing woke the viewer, in milliseconds. */
export const RECHECK_MS = 5_000

/** Items on one page of a list with cursors unless asked otherwise, and at most. */
export const PAGE_LIMIT = { default: 25, max: 100 } as const

/** Builds on one page unless asked otherwise, and at most, with Drone's `per_page`. */
export const PER_PAGE = { default: 25, max: 100 } as const

/** Time in which requests are counted, in milliseconds. */
export const RATE_WINDOW_MS = 60_000

/** How many requests there may be within that time. */
export interface Rates {
  /** To the API by nobody that is known, per address. */
  readonly anonymous: number
  /** To the API, per user. */
  readonly user: number
  /** With tokens that are not right, and sign-ins that come to nothing, per address. */
  readonly wrongProof: number
  /** Deliveries with wrong signatures, per address: forges send those of many repos from one. */
  readonly wrongSignature: number
}

export const RATES: Rates = { anonymous: 3_000, user: 12_000, wrongProof: 30, wrongSignature: 300 }

/** Addresses, and users, that are counted at a time; those that were not heard of longest are forgotten. */
export const ADDRESSES_MAX = 20_000

/** Largest body with a secret in it: JSON may need six characters for one of its. */
export const SECRET_BODY_BYTES_MAX = 512 * 1024
