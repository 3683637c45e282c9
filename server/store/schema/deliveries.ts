import type { Generated } from 'kysely'

/** Tables of webhooks. */
export interface DeliveryTables {
  deliveries: DeliveryTable
  delivery_log: DeliveryLogTable
}

/** Webhook deliveries that were accepted; what makes a replay known. Kept as long as their repo. */
export interface DeliveryTable {
  id: Generated<number>
  repo_id: number
  /** `git`, `github`, ... */
  forge: string
  /** The sender's id of the delivery; unique per repo and forge. */
  delivery_id: string
  /**
   * SHA-256, hex, of what was signed, which is the raw body; unique per repo and forge too: a replay under a new
   * id is a replay. Where ids are as trustworthy as bodies (GitLab) it is one of both together.
   */
  body_sha256: string
  event: string
  received: number
  /** The first build it made, or null with the reason why it made none. */
  build_id: number | null
  /** Numbers of all the builds it made. */
  builds_json: Generated<string>
  reason: string
  /**
   * Names what happened, where a forge tells it in two events (a tag as `push` and as `create`); empty where it
   * does not.
   */
  event_key: Generated<string>
}

/** What came in at `/hooks`, for people: a bounded number of entries per repo. */
export interface DeliveryLogTable {
  id: Generated<number>
  repo_id: number
  forge: string
  /** The sender's id; of a redelivery the one of the original. */
  delivery_id: string
  event: string
  received: number
  /** From its arrival until it was written down, in milliseconds. */
  took_ms: number
  /** `built`, `ignored`, `duplicate` or `refused`. */
  outcome: string
  /** HTTP status of the answer. */
  status: number
  /** Why there is no build; empty when there is one. */
  reason: string
  /** Numbers of the builds that it made, or, for a duplicate, that the first one made. */
  builds_json: string
  /** Entry that a person asked to have done again; 0 for what came from outside. */
  original: number
  /** Login of that person; empty for what came from outside. */
  requested_by: string
  /** Headers by lower-case name, without secrets. */
  headers_json: string
  /** The raw body, gzip, in base64; null when it was too large, or its sender is not known. */
  body: string | null
  /** Bytes of the raw body. */
  body_bytes: number
}
