import type { Retries, Timeouts } from './types.js'

/** Bytes of a manifest or index; what the distribution spec tells registries to take at least. */
export const MANIFEST_BYTES_MAX = 4 * 1024 * 1024

/** Bytes of a blob that is read whole: image configurations. */
export const SMALL_BLOB_BYTES_MAX = 2 * 1024 * 1024

/** Bytes of a token endpoint's answer. */
export const TOKEN_BYTES_MAX = 256 * 1024

/** Bytes that are read of an answer that tells an error. */
export const ERROR_BYTES_MAX = 8 * 1024

/** Characters of a registry's own words in our messages. */
export const SERVER_TEXT_MAX = 300

/** Bytes of all headers of one answer. */
export const HEADER_BYTES_MAX = 32 * 1024

/** Redirects from one request. */
export const REDIRECTS_MAX = 5

/** Indexes inside indexes. */
export const INDEX_DEPTH_MAX = 3

/** Manifests that are read to find the one of a platform. */
export const MANIFESTS_READ_MAX = 12

/** Layers of one image. */
export const LAYERS_MAX = 1000

/** Bytes of one blob. */
export const BLOB_BYTES_MAX = 2 ** 40

/** Progress after which a broken download may fail as often again as at its start. */
export const PROGRESS_BYTES = 1024 * 1024

/** What must move in `stallMs`, else the connection counts as dead. */
export const STALL_BYTES = 4096

/** Blobs up to this size go up in one request. */
export const SINGLE_UPLOAD_BYTES_MAX = 1024 * 1024

/**
 * Pieces of an upload, where the registry (or a proxy before it) does not take it at once: larger ones first.
 * The smallest is what nginx takes by itself.
 */
export const UPLOAD_PIECES_BYTES: readonly number[] = [8 * 1024 * 1024, 1024 * 1024]

/** Registries, tokens and the like that are remembered at once. */
export const REMEMBERED_MAX = 512

/** How long a mirror that failed is left out, in milliseconds. */
export const MIRROR_PAUSE_MS = 60_000

/** How long a credential helper may take, in milliseconds, and what it may print, in bytes. */
export const HELPER_TIMEOUT_MS = 15_000
export const HELPER_OUTPUT_MAX = 64 * 1024

/** Bytes of a config.json. */
export const CONFIG_BYTES_MAX = 1024 * 1024

export const DEFAULT_TIMEOUTS: Timeouts = {
  connectMs: 10_000,
  answerMs: 30_000,
  stallMs: 30_000,
  smallMs: 60_000,
}

export const DEFAULT_RETRIES: Retries = {
  tries: 5,
  baseMs: 500,
  waitMsMax: 20_000,
  retryAfterMsMax: 60_000,
}

/** Tries of a request to a mirror: the next one, or the registry itself, is there as well. */
export const MIRROR_TRIES = 2
