import type { UplinkMessage } from '../../protocol/uplink.js'

/** Most log bytes that may be sent and not acknowledged; what is more waits in the spool. */
export const WINDOW_LOG_BYTES_MAX = 4 * 1024 * 1024
/** Most messages that may be sent and not acknowledged. */
export const WINDOW_MESSAGES_MAX = 1000

/** A numbered message that is not acknowledged. */
export interface OutboxEntry {
  readonly seq: number
  readonly message: UplinkMessage
  /** Id of its entry in the Redis stream; null while it has to be sent (again). */
  streamId: string | null
}

/** Numbers messages and keeps them until they are acknowledged. Knows no Redis and no clock. */
export class Outbox {
  #entries: OutboxEntry[] = []
  #lastSeq = 0
  #ackedSeq = 0
  #logBytes = 0

  /** Highest sequence number given so far. */
  get lastSeq(): number {
    return this.#lastSeq
  }

  get ackedSeq(): number {
    return this.#ackedSeq
  }

  get size(): number {
    return this.#entries.length
  }

  /** The unacknowledged entry with the lowest number. */
  get oldest(): OutboxEntry | undefined {
    return this.#entries[0]
  }

  get hasHeartbeat(): boolean {
    return this.#entries.some((entry) => entry.message.type === 'heartbeat')
  }

  /** True when the window has room for another message. */
  get hasRoom(): boolean {
    return this.#entries.length < WINDOW_MESSAGES_MAX && this.#logBytes < WINDOW_LOG_BYTES_MAX
  }

  /** Gives the message its number. */
  add(message: UplinkMessage): OutboxEntry {
    const entry: OutboxEntry = { seq: ++this.#lastSeq, message, streamId: null }
    this.#entries.push(entry)
    this.#logBytes += logBytes(message)
    return entry
  }

  /**
   * Forgets everything up to and including `seq`. Numbers that were never given are ignored.
   * @returns whether that was anything.
   */
  acknowledge(seq: number): boolean {
    const isNews = seq > this.#ackedSeq && seq <= this.#lastSeq
    if (!isNews) return false
    this.#ackedSeq = seq
    const kept = this.#entries.filter((entry) => entry.seq > seq)
    this.#entries = kept
    this.#logBytes = kept.reduce((sum, entry) => sum + logBytes(entry.message), 0)
    return true
  }

  /** Entries to send now, lowest number first, about `bytesMax` bytes of log data at most. */
  unsent(bytesMax: number): OutboxEntry[] {
    const batch: OutboxEntry[] = []
    let bytes = 0
    for (const entry of this.#entries) {
      if (entry.streamId !== null) continue
      if (bytes >= bytesMax) break
      batch.push(entry)
      bytes += logBytes(entry.message)
    }
    return batch
  }

  /** Makes every entry one that has to be sent again. */
  markAllUnsent(): void {
    for (const entry of this.#entries) entry.streamId = null
  }
}

function logBytes(message: UplinkMessage): number {
  return message.type === 'log' ? message.data.length : 0
}
