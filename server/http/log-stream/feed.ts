import { setTimeout as sleep } from 'node:timers/promises'
import type { LogPlace } from '../../logs/log-places.js'
import type { LogRef } from '../../logs/log-store.js'
import type { LogService } from '../../services.js'
import { LogCursor } from './cursor.js'
import { EncodedLines } from './encoded-lines.js'
import type { LogEnd, LogLines } from './piece.js'
import type { StepState } from './source.js'
import { removedEnd } from './source.js'
import { Wakeup } from './wakeup.js'

/** Bytes of the log that are kept for viewers who are not quite at its head. */
const KEPT_BYTES_MAX = 256 * 1024

/**
 * With many viewers the log is read less often and more at a time, in milliseconds: most of what a viewer costs
 * is each write to its socket, not what is written.
 */
const PAUSE_MS_MAX = 100
const VIEWERS_PER_MS = 10

export interface FeedOptions {
  readonly logs: LogService
  readonly ref: LogRef
  /** The attempt that its viewers asked for, if they did: then another one does not matter to them. */
  readonly asked: number | undefined
  /** How the step stands now; null when it is not there any more. */
  readonly state: () => Promise<StepState | null>
  /** Between two looks at the state when nothing woke the feed. */
  readonly recheckMs: number
}

/** Why nothing more comes: the step has ended, or its stage was given to another attempt. */
export type FeedOutcome =
  | { readonly kind: 'end'; readonly end: LogEnd }
  | { readonly kind: 'moved'; readonly to: StepState }

/** Somebody who follows the log. */
export interface FeedViewer {
  /** There is more, or nothing more will come. */
  wake(): void
  /** The feed can't go on. */
  fail(error: Error): void
}

/**
 * Reads one log at its head, once for all its viewers. It keeps the last lines only: who is further behind reads
 * the archive until it has caught up. It reads nothing before the first viewer has come to the head.
 */
export class LogFeed {
  readonly #options: FeedOptions
  readonly #viewers = new Set<FeedViewer>()
  readonly #stopping = new AbortController()
  readonly #wakeup: Wakeup
  readonly #chunks: EncodedLines[] = []
  #keptBytes = 0
  #head: LogPlace | null = null
  #outcome: FeedOutcome | null = null
  #failure: Error | null = null

  constructor(options: FeedOptions) {
    this.#options = options
    this.#wakeup = new Wakeup(options.logs, options.ref, this.#stopping.signal)
  }

  get ref(): LogRef {
    return this.#options.ref
  }

  /** How many follow. */
  get viewers(): number {
    return this.#viewers.size
  }

  /** Why nothing comes after `head`; null while something may. */
  get outcome(): FeedOutcome | null {
    return this.#outcome
  }

  /** What it has read up to; null before anybody has caught up. */
  get head(): LogPlace | null {
    return this.#head
  }

  add(viewer: FeedViewer): void {
    this.#viewers.add(viewer)
    if (this.#failure !== null) viewer.fail(this.#failure)
  }

  remove(viewer: FeedViewer): void {
    this.#viewers.delete(viewer)
  }

  /** Ends the reading; nobody is told. */
  stop(): void {
    this.#stopping.abort()
    this.#wakeup.close()
  }

  /** A viewer has everything up to there: from there on the feed reads for all. */
  startAt(place: LogPlace): void {
    if (this.#head !== null || this.#stopping.signal.aborted) return
    this.#head = place
    this.#run(place).catch((error: unknown) => {
      if (this.#stopping.signal.aborted) return
      this.#failure = error instanceof Error ? error : new Error(String(error))
      for (const viewer of [...this.#viewers]) viewer.fail(this.#failure)
    })
  }

  /** Kept lines from the one after the first `line` on; null when it is not kept, or not there yet. */
  linesAfter(line: number): EncodedLines | null {
    let low = 0
    let high = this.#chunks.length
    while (low < high) {
      const middle = (low + high) >>> 1
      if ((this.#chunks[middle]?.endLine ?? 0) <= line) low = middle + 1
      else high = middle
    }
    const found = this.#chunks[low]
    return found !== undefined && found.startLine <= line ? found : null
  }

  async #run(start: LogPlace): Promise<void> {
    const { logs, ref, recheckMs } = this.#options
    const { signal } = this.#stopping
    const cursor = new LogCursor(logs.store, ref, start)
    let readAgainAt = -1
    while (!signal.aborted) {
      for await (const piece of cursor.advance()) this.#publish(piece, cursor.position)
      // A log is complete before its step ends. So first the state, then whether there is more.
      const outcome = await this.#look()
      // Once for each place: a store that promises bytes it can't give must not keep us spinning.
      if (cursor.offset !== readAgainAt && (await cursor.hasMore())) {
        readAgainAt = cursor.offset
        continue
      }
      if (outcome !== null) {
        this.#finish(cursor, outcome)
        return
      }
      await this.#wakeup.wait(recheckMs)
      await this.#pause()
    }
  }

  async #look(): Promise<FeedOutcome | null> {
    const { attempt } = this.#options.ref
    const now = await this.#options.state()
    if (now === null) return { kind: 'end', end: removedEnd(attempt) }
    if (now.attempt !== attempt) return { kind: 'moved', to: now }
    return now.end === null ? null : { kind: 'end', end: now.end }
  }

  #finish(cursor: LogCursor, outcome: FeedOutcome): void {
    const rest = cursor.finish()
    if (rest !== null) this.#keep(rest, cursor.position)
    this.#outcome = outcome
    for (const viewer of [...this.#viewers]) viewer.wake()
  }

  #publish(piece: LogLines, head: LogPlace): void {
    this.#keep(piece, head)
    for (const viewer of [...this.#viewers]) viewer.wake()
  }

  #keep(piece: LogLines, head: LogPlace): void {
    const chunk = new EncodedLines(piece, head.offset)
    this.#head = head
    this.#chunks.push(chunk)
    this.#keptBytes += chunk.bytes
    while (this.#keptBytes > KEPT_BYTES_MAX && this.#chunks.length > 1) {
      this.#keptBytes -= this.#chunks.shift()?.bytes ?? 0
    }
  }

  async #pause(): Promise<void> {
    const ms = Math.min(PAUSE_MS_MAX, Math.floor(this.#viewers.size / VIEWERS_PER_MS))
    const { signal } = this.#stopping
    if (ms > 0) await sleep(ms, undefined, { signal }).catch(() => undefined)
  }
}
