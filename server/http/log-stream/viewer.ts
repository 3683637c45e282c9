import { Readable } from 'node:stream'
import type { LogPlace } from '../../logs/log-places.js'
import { LOG_START } from '../../logs/log-places.js'
import { ENCODERS } from './encode.js'
import type { StreamFormat } from './encode.js'
import type { EncodedLines } from './encoded-lines.js'
import type { FeedOutcome, FeedViewer, LogFeed } from './feed.js'
import type { LogHub } from './hub.js'
import type { LogPiece } from './piece.js'
import { stepState } from './source.js'
import type { StepAddress, StepState } from './source.js'

/** Bytes that may wait for a slow viewer beside one block; then nothing is read for it. */
const WAITING_BYTES_MAX = 16 * 1024

export interface ViewerOptions {
  readonly hub: LogHub
  readonly address: StepAddress
  /** The step's state when the viewer came. */
  readonly state: StepState
  readonly format: StreamFormat
  /** Lines that it has already, and of which attempt. */
  readonly resume: { readonly attempt: number; readonly line: number } | null
  /** Aborted when the viewer is gone or the server closes. */
  readonly signal: AbortSignal
}

/**
 * One viewer's stream of a log: from its first line, or the one to resume at, to its end, growing with it. At the
 * head it takes what the log's feed has encoded for all; behind it, it reads the archive at its own pace. It holds
 * at most a block. When the stage gets a new attempt, a `restart` comes and then that attempt's log.
 */
export class LogViewer extends Readable implements FeedViewer {
  readonly #options: ViewerOptions
  #feed: LogFeed
  #attempt: number
  /** Attempt that lines were seen of; null before any. */
  #seenAttempt: number | null
  /** Lines that it has, or wants to skip. */
  #line = 0
  /** Where that is; null when only the line is known. */
  #place: LogPlace | null = LOG_START
  #isWanted = false
  #isReading = false
  #isDone = false
  #heardAt = performance.now()
  readonly #leave = (): void => this.#finish()

  constructor(options: ViewerOptions) {
    super({ highWaterMark: WAITING_BYTES_MAX })
    const { state, resume, hub, signal } = options
    this.#options = options
    this.#attempt = state.attempt
    this.#seenAttempt = resume?.attempt ?? null
    this.#feed = this.#join(state)
    hub.heartbeats.add(this)
    signal.addEventListener('abort', this.#leave, { once: true })
    if (resume !== null && resume.attempt === state.attempt) this.#skipTo(resume.line)
    else if (resume !== null) this.#sayRestart()
    if (signal.aborted) this.#finish()
  }

  /** When something was sent last. */
  get heardAt(): number {
    return this.#heardAt
  }

  /** Says that it is still there, unless something waits to be sent anyway. */
  beat(): void {
    if (this.#isDone || !this.#isWanted) return
    this.#say({ kind: 'idle' })
  }

  wake(): void {
    this.#pump()
  }

  fail(error: Error): void {
    this.destroy(error)
  }

  override _read(): void {
    this.#isWanted = true
    this.#pump()
  }

  override _destroy(error: Error | null, done: (error?: Error | null) => void): void {
    this.#letGo()
    done(error)
  }

  /** Sends what is there, for as long as the viewer takes it. */
  #pump(): void {
    while (this.#isWanted && !this.#isDone && !this.#isReading) {
      const lines = this.#feed.linesAfter(this.#line)
      if (lines !== null) {
        this.#send(lines)
        continue
      }
      const { head, outcome } = this.#feed
      if (head === null || this.#line < head.line) {
        this.#readBehind()
        return
      }
      if (outcome === null) return
      this.#end(outcome)
    }
  }

  #readBehind(): void {
    this.#isReading = true
    this.#readBlock()
      .then((isMore) => {
        this.#isReading = false
        if (isMore) this.#pump()
      })
      .catch((error: unknown) => {
        this.destroy(error instanceof Error ? error : new Error(String(error)))
      })
  }

  /** Reads on in the archive; at its end the feed takes over. Says whether there is more at once. */
  async #readBlock(): Promise<boolean> {
    const { indexes, blocks } = this.#options.hub
    const feed = this.#feed
    const { ref } = feed
    const place = this.#place ?? (await indexes.placeOf(ref, this.#line))
    const lines = await blocks.after(ref, place)
    if (this.#isDone) return false
    this.#place = lines?.end ?? place
    if (lines !== null) {
      if (lines.endLine > this.#line) this.#send(lines)
      return true
    }
    const { head } = feed
    feed.startAt(place)
    if (head === null) return false
    // The archive has less than was read before: it was removed meanwhile.
    this.#line = Math.max(this.#line, head.line)
    return true
  }

  #send(lines: EncodedLines): void {
    const bytes = lines.after(this.#line, this.#options.format)
    this.#line = lines.endLine
    this.#place = lines.end
    this.#seenAttempt = this.#attempt
    this.#write(bytes)
  }

  #say(piece: LogPiece): void {
    const bytes = ENCODERS[this.#options.format](piece)
    if (bytes.length > 0) this.#write(Buffer.from(bytes))
  }

  #write(bytes: Buffer): void {
    this.#heardAt = performance.now()
    if (bytes.length > 0) this.#isWanted = this.push(bytes)
  }

  #end(outcome: FeedOutcome): void {
    if (outcome.kind === 'end') {
      this.#say(outcome.end)
      this.#finish()
      return
    }
    this.#options.hub.feeds.leave(this.#feed, this)
    this.#attempt = outcome.to.attempt
    this.#line = 0
    this.#place = LOG_START
    this.#feed = this.#join(outcome.to)
    this.#sayRestart()
  }

  /** Who saw nothing of an attempt need not hear that it was given up. */
  #sayRestart(): void {
    if (this.#seenAttempt === null || this.#seenAttempt === this.#attempt) return
    this.#say({ kind: 'restart', attempt: this.#attempt })
  }

  #skipTo(line: number): void {
    this.#line = line
    this.#place = null
  }

  #join({ stageId, attempt }: StepState): LogFeed {
    const { hub, address } = this.#options
    const { services, times } = hub
    const options = {
      logs: services.logs,
      ref: { stageId, attempt, step: address.stepNumber },
      asked: address.attempt,
      state: () => stepState(services, address),
      recheckMs: times.recheckMs,
    }
    return hub.feeds.join(options, this)
  }

  #finish(): void {
    if (this.#isDone) return
    this.#letGo()
    this.push(null)
  }

  #letGo(): void {
    this.#isDone = true
    const { hub, signal } = this.#options
    signal.removeEventListener('abort', this.#leave)
    hub.heartbeats.remove(this)
    hub.feeds.leave(this.#feed, this)
  }
}
