import type { Redis } from 'ioredis'
import type { Cancel, DownlinkMessage } from '../../protocol/downlink.js'
import type { RedisKeys } from '../../protocol/keys.js'
import { encodeUplinkEntry } from '../../protocol/uplink.js'
import { connectFailingFast, connectWaiting } from '../redis.js'
import type { OutboxEntry } from './outbox.js'

export interface TransportOptions {
  readonly redisUrl: string
  readonly keys: RedisKeys
  readonly session: string
  /** The connection is there (again). */
  readonly onReady: () => void
  readonly onMessage: (message: DownlinkMessage) => void
  /** A connection error, for the operator's log. */
  readonly onError: (error: Error) => void
}

/** What the server has told this session, as it is kept in Redis. */
export interface DownlinkState {
  readonly ackedSeq: number
  readonly cancels: readonly Cancel[]
}

/** The uplink's two Redis connections: one for commands, one that listens. */
export class Transport {
  readonly #options: TransportOptions
  readonly #commands: Redis
  readonly #listener: Redis

  constructor(options: TransportOptions) {
    this.#options = options
    this.#commands = connectFailingFast(options.redisUrl)
    this.#commands.on('error', options.onError)
    this.#commands.on('ready', options.onReady)
    this.#listener = connectWaiting(options.redisUrl)
    this.#listener.on('error', () => undefined)
    this.#listener.on('message', (_channel: string, text: string) => this.#receive(text))
    // ioredis subscribes again by itself after every reconnect.
    this.#listener.subscribe(options.keys.downlink(options.session)).catch(() => undefined)
  }

  get isReady(): boolean {
    return this.#commands.status === 'ready'
  }

  /**
   * Puts the entries on the stream, in order, and notes the stream ids of those that arrived.
   * @throws the first error; entries without a stream id have to be sent again.
   */
  async send(entries: readonly OutboxEntry[]): Promise<void> {
    const { keys, session } = this.#options
    const pipeline = this.#commands.pipeline()
    for (const { seq, message } of entries) {
      pipeline.xadd(keys.uplinkOf(session), '*', ...encodeUplinkEntry({ session, seq, message }))
    }
    const results = (await this.#guard(pipeline.exec())) ?? []
    let failure: Error | null = null
    for (const [index, [error, id]] of results.entries()) {
      const entry = entries[index]
      if (error) failure ??= error
      else if (entry && typeof id === 'string') entry.streamId = id
    }
    if (failure) throw failure
  }

  /** Reads what may have been missed on the channel. */
  async poll(): Promise<DownlinkState> {
    const { keys, session } = this.#options
    const [acked, cancels] = await this.#guard(
      Promise.all([
        this.#commands.hget(keys.acks, session),
        this.#commands.hgetall(keys.cancels(session)),
      ]),
    )
    const parsed = Object.values(cancels).map(parseDownlink)
    return { ackedSeq: Number(acked ?? 0), cancels: parsed.filter(isCancel) }
  }

  /** Whether the session's stream still has the entry of that id. */
  async holds(streamId: string): Promise<boolean> {
    const { keys, session } = this.#options
    const found = await this.#guard(
      this.#commands.xrange(keys.uplinkOf(session), streamId, streamId),
    )
    return found.length > 0
  }

  close(): void {
    this.#commands.disconnect()
    this.#listener.disconnect()
  }

  #receive(text: string): void {
    const message = parseDownlink(text)
    if (message) this.#options.onMessage(message)
  }

  /** A timed-out command means a dead connection, which only a new one mends. */
  async #guard<T>(command: Promise<T>): Promise<T> {
    try {
      return await command
    } catch (error) {
      const isTimeout = error instanceof Error && error.message === 'Command timed out'
      if (isTimeout) this.#commands.disconnect(true)
      throw error
    }
  }
}

function parseDownlink(text: string): DownlinkMessage | null {
  try {
    const message = JSON.parse(text) as DownlinkMessage | null
    return message?.type === 'ack' || message?.type === 'cancel' ? message : null
  } catch {
    return null
  }
}

function isCancel(message: DownlinkMessage | null): message is Cancel {
  return message?.type === 'cancel'
}
