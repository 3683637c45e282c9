import { createHash } from 'node:crypto'

/** Names of everything that server and runner share in Redis. */
export interface RedisKeys {
  /** Prefix that BullMQ gets. */
  readonly bullPrefix: string
  /** String: names what the queues hold; gone, or another one, when some of it may be lost. */
  readonly queueMark: string
  /** Streams of `UplinkEntry`s, each read by one server at a time. */
  readonly uplinks: readonly string[]
  /** The one of them that all of a session's entries are on. */
  uplinkOf(session: string): string
  /** Sorted set of the servers that live, by when they will have lived. */
  readonly servers: string
  /** Hash: number of an uplink -> which server reads it, and until when. */
  readonly uplinkReaders: string
  /** Hash: number of an uplink -> when it was last read to its end. */
  readonly uplinkHeard: string
  /** Pub/sub channel of logs that have grown, for those who follow them through another server. */
  readonly logNews: string
  /** Pub/sub channel of one session's `DownlinkMessage`s. */
  downlink(session: string): string
  /** Hash: session -> last acknowledged sequence number. */
  readonly acks: string
  /** Hash of one session: `attemptKey` -> JSON of a `Cancel`. */
  cancels(session: string): string
}

/** More than there are servers; the first is where runners of the first release put everything. */
const UPLINKS = 16

function uplinkIndex(session: string): number {
  return (createHash('sha256').update(session).digest()[0] ?? 0) % UPLINKS
}

/** Key names under a prefix; one prefix is one Sandpiper. */
export function redisKeys(prefix: string): RedisKeys {
  const uplinks = Array.from({ length: UPLINKS }, (_, index) =>
    index === 0 ? `${prefix}:uplink` : `${prefix}:uplink:${index}`,
  )
  return {
    bullPrefix: `${prefix}:queue`,
    queueMark: `${prefix}:queue-mark`,
    uplinks,
    uplinkOf: (session) => uplinks[uplinkIndex(session)] ?? '',
    servers: `${prefix}:servers`,
    uplinkReaders: `${prefix}:uplink-readers`,
    uplinkHeard: `${prefix}:uplink-heard`,
    logNews: `${prefix}:log-news`,
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

/** What a stage asks of its runner, or what a runner offers. */
export interface StagePlatform {
  readonly os: string
  readonly arch: string
  readonly variant?: string
  readonly version?: string
}

/**
 * BullMQ queue of the stages for one platform and set of labels; the job data is `StageJob`. A runner
 * listens on one queue, so labels match when they are the same, these and no others, as in Drone.
 * Names have no colon and are at most 128 characters long.
 */
export function stageQueue(
  { os, arch, variant, version }: StagePlatform,
  labels: Readonly<Record<string, string>> = {},
): string {
  const extra = [
    ...(variant === undefined || isImplied(arch, variant) ? [] : [['variant', variant] as const]),
    ...(version === undefined || version === '' ? [] : [['version', version] as const]),
    ...Object.keys(labels)
      .sort()
      .map((key) => [`label.${key}`, labels[key] ?? ''] as const),
  ]
  const words = [os, arch, ...extra.flat()]
  const name = ['stage', os, arch, ...extra.map((pair) => pair.join('='))].join('-')
  const isPlain = name.length <= QUEUE_LENGTH_MAX && words.every((word) => PLAIN.test(word))
  return isPlain
    ? name
    : `stage-${createHash('sha256').update(JSON.stringify(words)).digest('hex')}`
}

/** 64-bit ARM begins with version 8: naming it asks for nothing more. */
function isImplied(arch: string, variant: string): boolean {
  return variant === '' || (arch === 'arm64' && variant === 'v8')
}

/** What can't be taken for a separator; anything else, as whoever can push may write it, is hashed. */
const PLAIN = /^[\w.]+$/
const QUEUE_LENGTH_MAX = 128
