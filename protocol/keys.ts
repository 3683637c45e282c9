/** Names of everything that server and runner share in Redis. */
export interface RedisKeys {
  /** Prefix that BullMQ gets. */
  readonly bullPrefix: string
  /** Stream of `UplinkEntry`s of all sessions. */
  readonly uplink: string
  /** Pub/sub channel of one session's `DownlinkMessage`s. */
  downlink(session: string): string
  /** Hash: session -> last acknowledged sequence number. */
  readonly acks: string
  /** Hash of one session: `attemptKey` -> JSON of a `Cancel`. */
  cancels(session: string): string
}

/** Key names under a prefix; one prefix is one Sandpiper. */
export function redisKeys(prefix: string): RedisKeys {
  return {
    bullPrefix: `${prefix}:queue`,
    uplink: `${prefix}:uplink`,
    downlink: (session) => `${prefix}:downlink:${session}`,
    acks: `${prefix}:acks`,
    cancels: (session) => `${prefix}:cancels:${session}`,
  }
}

/** BullMQ queue of builds to ingest; the job data is `IngestJob`. */
export const INGEST_QUEUE = 'ingest'

export interface IngestJob {
  readonly buildId: number
}

/** BullMQ queue of the stages for one platform; the job data is `StageJob`. Names have no colon. */
export function stageQueue(platform: { readonly os: string; readonly arch: string }): string {
  return `stage-${platform.os}-${platform.arch}`
}
