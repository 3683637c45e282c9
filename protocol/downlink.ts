import type { AttemptRef } from './uplink.js'

/**
 * What the server tells one runner session, published on `keys.downlink(session)`. Publishing may be
 * missed: acknowledgements are also kept in the hash `keys.acks` and cancellations in the hash
 * `keys.cancels(session)`, which the runner reads with every heartbeat.
 */
export type DownlinkMessage = Acknowledge | Cancel

/** Everything up to and including `seq` is applied and stored. */
export interface Acknowledge {
  readonly type: 'ack'
  readonly seq: number
}

/**
 * Stop this attempt. `cancelled`: a person or a rule ended it; report it as killed. `stale`: the
 * attempt is not (or no longer) this session's; stop it and report nothing more.
 */
export interface Cancel extends AttemptRef {
  readonly type: 'cancel'
  readonly kind: 'cancelled' | 'stale'
  readonly reason: string
}

/** Field name of an attempt in the cancel hash. */
export function attemptKey(ref: AttemptRef): string {
  return `${String(ref.stageId)}.${String(ref.attempt)}`
}
