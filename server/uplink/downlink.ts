import type { Redis } from 'ioredis'
import type { Cancel, DownlinkMessage } from '../../protocol/downlink.js'
import { attemptKey } from '../../protocol/downlink.js'
import type { RedisKeys } from '../../protocol/keys.js'
import type { AttemptRef } from '../../protocol/uplink.js'

/** A cancellation is repeated with each heartbeat that still names its attempt. */
const CANCELS_KEPT_SECONDS = 24 * 60 * 60

/** What the server tells runner sessions. Everything fails when Redis is away. */
export class Downlink {
  readonly #redis: Redis
  readonly #keys: RedisKeys

  /** `redis` must fail fast, and stays the caller's to close. */
  constructor(redis: Redis, keys: RedisKeys) {
    this.#redis = redis
    this.#keys = keys
  }

  /** Tells a session to stop an attempt. */
  async cancel(session: string, cancel: Cancel): Promise<void> {
    const hash = this.#keys.cancels(session)
    const pipeline = this.#redis.pipeline()
    pipeline.hset(hash, attemptKey(cancel), JSON.stringify(cancel))
    pipeline.expire(hash, CANCELS_KEPT_SECONDS)
    pipeline.publish(this.#keys.downlink(session), JSON.stringify(cancel))
    throwFirstError(await pipeline.exec())
  }

  /** Forgets the cancellation of an attempt that has ended. */
  async forgetCancel(session: string, ref: AttemptRef): Promise<void> {
    await this.#redis.hdel(this.#keys.cancels(session), attemptKey(ref))
  }

  /** Tells sessions how far their messages are applied and stored. */
  async acknowledge(seqs: ReadonlyMap<string, number>): Promise<void> {
    if (seqs.size === 0) return
    const pipeline = this.#redis.pipeline()
    for (const [session, seq] of seqs) {
      if (seq === 0) continue
      const message: DownlinkMessage = { type: 'ack', seq }
      pipeline.hset(this.#keys.acks, session, String(seq))
      pipeline.publish(this.#keys.downlink(session), JSON.stringify(message))
    }
    throwFirstError(await pipeline.exec())
  }

  /** How far each session was told that its messages are stored; 0 when it was not. */
  async acknowledged(sessions: readonly string[]): Promise<ReadonlyMap<string, number>> {
    if (sessions.length === 0) return new Map()
    const values = await this.#redis.hmget(this.#keys.acks, ...sessions)
    return new Map(sessions.map((session, index) => [session, Number(values[index] ?? 0)]))
  }
}

/** An `exec` resolves even when its commands failed. */
function throwFirstError(results: readonly (readonly [Error | null, unknown])[] | null): void {
  for (const [error] of results ?? []) if (error) throw error
}
