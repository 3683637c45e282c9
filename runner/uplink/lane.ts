import type { AttemptRef, LogChunk, UplinkMessage } from '../../protocol/uplink.js'

/** Log chunks are about this long. */
export const CHUNK_BYTES = 64 * 1024

/** A step's log that chunks are read from. */
export interface LogSource {
  /** Bytes that can be read now. */
  readonly length: number
  /** Whole records from `offset` on, about `bytesMax` bytes of them. */
  read(offset: number, bytesMax: number): Promise<Buffer>
}

interface OpenLog {
  readonly step: number
  readonly source: LogSource
  offset: number
}

type Item =
  | { readonly kind: 'state'; readonly message: UplinkMessage }
  | { readonly kind: 'log'; readonly log: OpenLog }
  | { readonly kind: 'end'; readonly log: OpenLog; readonly message: UplinkMessage }

/**
 * What one attempt has to tell, in order. State messages leave in the order in which they were put;
 * the end of a step waits until its log has been read out, everything behind it waits with it.
 * Meanwhile the logs of running steps take turns. Nothing but state messages is held in memory.
 */
export class Lane {
  readonly #items: Item[] = []
  readonly #logs = new Map<number, OpenLog>()
  readonly #open: OpenLog[] = []
  #idleWaiters: (() => void)[] = []
  #lastSeq = 0
  #closed = false

  constructor(readonly ref: AttemptRef) {}

  /** True when everything that was put has been handed out. */
  get isEmpty(): boolean {
    return this.#items.length === 0 && this.#open.every(isReadOut)
  }

  /** Sequence number of the message that was handed out last; 0 when there was none. */
  get lastSeq(): number {
    return this.#lastSeq
  }

  /** Puts a message that is about no step's end. */
  state(message: UplinkMessage): void {
    this.#put({ kind: 'state', message })
  }

  /** From here on the step's log is read out. */
  openLog(step: number, source: LogSource): void {
    const log: OpenLog = { step, source, offset: 0 }
    this.#logs.set(step, log)
    this.#put({ kind: 'log', log })
  }

  /** The last message of a step, to follow its whole log; the log must not grow any more. */
  endLog(step: number, message: UplinkMessage): void {
    const log = this.#logs.get(step)
    if (log) this.#put({ kind: 'end', log, message })
    else this.state(message)
  }

  /** Drops whatever has not been handed out, and whatever is put later. */
  close(): void {
    this.#closed = true
    this.#items.length = 0
    this.#open.length = 0
    this.#tellIdle()
  }

  /** The message that `next` gave has got its number. */
  handedOut(seq: number): void {
    this.#lastSeq = seq
    if (this.isEmpty) this.#tellIdle()
  }

  /** Resolves as soon as the lane is empty. */
  async idle(): Promise<void> {
    while (!this.isEmpty) await new Promise<void>((resolve) => this.#idleWaiters.push(resolve))
  }

  /** The next message to send, or null when there is none yet. One call at a time. */
  async next(): Promise<UplinkMessage | null> {
    for (let item = this.#items[0]; item; item = this.#items[0]) {
      if (item.kind === 'log') this.#open.push(item.log)
      if (item.kind === 'end' && !isReadOut(item.log)) return this.#chunk(item.log)
      this.#items.shift()
      if (item.kind === 'end') this.#close(item.log)
      if (item.kind !== 'log') return item.message
    }
    const log = this.#open.find((candidate) => !isReadOut(candidate))
    if (!log) return null
    this.#moveToEnd(log)
    return this.#chunk(log)
  }

  #put(item: Item): void {
    if (!this.#closed) this.#items.push(item)
  }

  async #chunk(log: OpenLog): Promise<LogChunk | null> {
    const { offset, step } = log
    const bytes = await log.source.read(offset, CHUNK_BYTES)
    if (bytes.length === 0) return null
    log.offset += bytes.length
    return { type: 'log', ...this.ref, step, offset, data: bytes.toString('utf8') }
  }

  #close(log: OpenLog): void {
    const index = this.#open.indexOf(log)
    if (index !== -1) this.#open.splice(index, 1)
    this.#logs.delete(log.step)
  }

  #moveToEnd(log: OpenLog): void {
    this.#open.splice(this.#open.indexOf(log), 1)
    this.#open.push(log)
  }

  #tellIdle(): void {
    const waiters = this.#idleWaiters
    this.#idleWaiters = []
    for (const resolve of waiters) resolve()
  }
}

function isReadOut(log: OpenLog): boolean {
  return log.offset >= log.source.length
}
