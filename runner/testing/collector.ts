import { Redis } from 'ioredis'
import type { Cancel, DownlinkMessage } from '../../protocol/downlink.js'
import { attemptKey } from '../../protocol/downlink.js'
import type { RedisKeys } from '../../protocol/keys.js'
import { decodeUplinkEntry, type UplinkMessage } from '../../protocol/uplink.js'

interface Session {
  lastSeq: number
  readonly messages: UplinkMessage[]
}

/**
 * The server's side of the uplink protocol for tests: applies every message once and in order, then
 * acknowledges. Like the server it takes entries off the stream and remembers what it applied.
 */
export class Collector {
  readonly #redis: Redis
  readonly #keys: RedisKeys
  readonly #sessions = new Map<string, Session>()
  readonly #refused = new Map<string, string>()
  #loop: Promise<void>
  #isClosed = false
  /** While true nothing is read from the stream. */
  isPaused = false
  /** Number of messages that came again or out of order. */
  ignored = 0

  constructor(url: string, keys: RedisKeys) {
    this.#keys = keys
    this.#redis = new Redis(url, { maxRetriesPerRequest: null, retryStrategy: () => 50 })
    this.#redis.on('error', () => undefined)
    this.#loop = this.#run()
  }

  /** Everything applied, of all sessions, without heartbeats. */
  get messages(): UplinkMessage[] {
    const all = [...this.#sessions.values()].flatMap((session) => session.messages)
    return all.filter((message) => message.type !== 'heartbeat')
  }

  get heartbeats(): UplinkMessage[] {
    const all = [...this.#sessions.values()].flatMap((session) => session.messages)
    return all.filter((message) => message.type === 'heartbeat')
  }

  /** The archive's side: chunks put together by their offsets; throws when there is a gap. */
  log(stageId: number, attempt: number, step: number): string {
    let log = Buffer.alloc(0)
    for (const message of this.messages) {
      if (message.type !== 'log' || message.stageId !== stageId) continue
      if (message.attempt !== attempt || message.step !== step) continue
      if (message.offset > log.length) throw new Error(`gap at ${log.length}`)
      const data = Buffer.from(message.data)
      log = Buffer.concat([log, data.subarray(log.length - message.offset)])
    }
    return log.toString()
  }

  /** Will answer the claim of that stage with `stale`. */
  refuse(stageId: number, attempt: number, reason: string): void {
    this.#refused.set(attemptKey({ stageId, attempt }), reason)
  }

  async cancel(session: string, cancel: Cancel): Promise<void> {
    await this.#redis.hset(this.#keys.cancels(session), attemptKey(cancel), JSON.stringify(cancel))
    await this.#publish(session, cancel)
  }

  async flushAll(): Promise<void> {
    await this.#redis.flushall()
  }

  async close(): Promise<void> {
    this.#isClosed = true
    this.#redis.disconnect()
    await this.#loop
  }

  async #run(): Promise<void> {
    while (!this.#isClosed) {
      try {
        if (this.isPaused || !(await this.#take())) {
          await new Promise((resolve) => setTimeout(resolve, 10))
        }
      } catch {
        await new Promise((resolve) => setTimeout(resolve, 20))
      }
    }
  }

  async #take(): Promise<boolean> {
    let count = 0
    for (const stream of this.#keys.uplinks) count += await this.#takeFrom(stream)
    return count > 0
  }

  async #takeFrom(stream: string): Promise<number> {
    const entries = await this.#redis.xrange(stream, '-', '+', 'COUNT', 100)
    const acks = new Set<string>()
    for (const [, fields] of entries) acks.add(await this.#apply(fields))
    for (const session of acks) await this.#acknowledge(session)
    if (entries.length > 0) await this.#redis.xdel(stream, ...entries.map(([id]) => id))
    return entries.length
  }

  async #apply(fields: string[]): Promise<string> {
    const { session: name, seq, message } = decodeUplinkEntry(fields)
    const session = this.#sessions.get(name) ?? { lastSeq: 0, messages: [] }
    this.#sessions.set(name, session)
    if (seq !== session.lastSeq + 1) {
      this.ignored++
      return name
    }
    session.lastSeq = seq
    session.messages.push(message)
    if (message.type === 'stage.started') await this.#answer(name, message)
    return name
  }

  async #answer(session: string, ref: { stageId: number; attempt: number }): Promise<void> {
    const reason = this.#refused.get(attemptKey(ref))
    if (reason === undefined) return
    const { stageId, attempt } = ref
    await this.cancel(session, { type: 'cancel', kind: 'stale', reason, stageId, attempt })
  }

  async #acknowledge(session: string): Promise<void> {
    const seq = this.#sessions.get(session)?.lastSeq ?? 0
    await this.#redis.hset(this.#keys.acks, session, seq)
    await this.#publish(session, { type: 'ack', seq })
  }

  async #publish(session: string, message: DownlinkMessage): Promise<void> {
    await this.#redis.publish(this.#keys.downlink(session), JSON.stringify(message))
  }
}
