import type { LogSection, LogStream } from '../../protocol/log-record.js'
import { FENCE, SHOWN } from '../../pipelines/script/section-mark.js'
import type { SectionMark } from './section-marks.js'

/** Milliseconds without a word from either output after which the mark that is missing is given up. */
const SILENCE_MS = 1_000

/** More commands than this that have begun in one output only were not told by a script. */
const AHEAD_MAX = 1_000

/**
 * Brings what a step prints to its two outputs into one order. They are two pipes, and nobody knows which byte of one
 * was before which of the other; but the script says in both where a command begins. So standard output waits there
 * until standard error has come to its fence, and standard error waits at the fence until the command has been shown.
 * Within a command the order is that in which the outputs are read.
 *
 * A step may redirect an output for good: what is marked there is not waited for any more once the output has ended, or
 * nothing has come for a second.
 */
export class StreamOrder {
  readonly #begin: (section: LogSection) => void
  /** Of each kind of mark, how many were seen, wherever: `2>&1` brings fences to standard output. */
  #marks = 0
  #fences = 0
  #shown = 0
  /** How many of those that they wait at each output has come to. */
  readonly #places: Record<LogStream, number> = { stdout: 0, stderr: 0 }
  /** Commands that standard output has come to, and standard error not. */
  readonly #ahead: LogSection[] = []
  #hasGivenUp = false
  #waiting: (() => void)[] = []
  #timer: NodeJS.Timeout | undefined
  #heardAt = 0

  /** `begin` is told of each command when all that was printed before it has been passed on. */
  constructor(begin: (section: LogSection) => void) {
    this.#begin = begin
  }

  /** An output has come to a mark. */
  mark(stream: LogStream, mark: SectionMark): void {
    this.#heardAt = performance.now()
    if (mark === SHOWN) this.#shown += 1
    else if (mark === FENCE) {
      this.#fences += 1
      if (stream === 'stderr') this.#places.stderr = this.#fences
    } else {
      this.#marks += 1
      this.#ahead.push(mark)
      if (stream === 'stdout') this.#places.stdout = this.#marks
    }
    if (this.#ahead.length > AHEAD_MAX) this.giveUp()
    else this.#advance()
  }

  /** Whether text of an output has to wait for the other, which is where `awaited` has then to be called. */
  isAhead(stream: LogStream): boolean {
    const other = stream === 'stdout' ? this.#fences : this.#shown
    return !this.#hasGivenUp && this.#places[stream] > other
  }

  /** Resolves when an output that is ahead may be no more. */
  awaited(): Promise<void> {
    this.#heardAt = performance.now()
    this.#timer ??= setTimeout(this.#onSilence, SILENCE_MS)
    return new Promise((resolve) => this.#waiting.push(resolve))
  }

  /** What an output printed says that it is not silent. */
  heard(): void {
    this.#heardAt = performance.now()
  }

  /** Nothing is waited for any more: an output has ended. */
  giveUp(): void {
    this.#hasGivenUp = true
    this.#advance()
  }

  #advance(): void {
    const isBehind = !this.#hasGivenUp && this.#fences < this.#marks
    const kept = isBehind ? this.#marks - this.#fences : 0
    for (const section of this.#ahead.splice(0, this.#ahead.length - kept)) this.#begin(section)
    clearTimeout(this.#timer)
    this.#timer = undefined
    for (const resolve of this.#waiting.splice(0)) resolve()
  }

  readonly #onSilence = (): void => {
    const leftMs = this.#heardAt + SILENCE_MS - performance.now()
    if (leftMs <= 0) this.giveUp()
    else this.#timer = setTimeout(this.#onSilence, leftMs)
  }
}
