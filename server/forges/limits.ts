/** Time for a connection to a forge, for the head of an answer, and for the whole of it, in milliseconds. */
export const CONNECT_MS = 5_000
export const ANSWER_MS = 15_000
export const EXCHANGE_MS = 20_000

/** Connections to one forge at a time. */
export const CONNECTIONS_MAX = 8

/** Largest answer that is read; a page of a hundred repos of GitHub's has about 0.6 MiB. */
export const ANSWER_BYTES_MAX = 8 * 1024 * 1024
/** What is read of an answer that tells an error. */
export const ERROR_BYTES_MAX = 16 * 1024
/** Longest text of a forge's in a message of ours. */
export const FORGE_TEXT_MAX = 200

/** Redirects that are followed; renamed repos need one. */
export const REDIRECTS_MAX = 3

/** Entries of a page, where the forge takes that many, and pages of a list: 10,000 repos of one person. */
export const PAGE_SIZE = 100
export const PAGES_MAX = 100

/** Longest wait that a forge's `Retry-After` is heeded for; GitHub's limits are renewed every hour. */
export const RETRY_AFTER_MS_MAX = 65 * 60_000
