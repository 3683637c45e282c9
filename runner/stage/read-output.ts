import type { Readable } from 'node:stream'

/** Time in milliseconds that is spent on waiting for more once every process of the step is dead. */
const WAIT_MS = 500

/**
 * The most that is read by then: a pipe holds 64 KiB, at most 1 MiB (pipe(7), F_SETPIPE_SZ), in 256
 * pieces; the stream's own buffer comes on top.
 */
const BYTES_MAX = 2 * 1024 * 1024
const CHUNKS_MAX = 1024

/**
 * Chunks of a step's output until its end. A step can hand its output to a process that outlives it
 * (unix(7), SCM_RIGHTS), and then the end does not come: from `ended` on, when every process of the step
 * is dead, only what is in the pipe is still taken, and the stream is destroyed. The time between chunks
 * is the consumer's and does not count.
 */
export async function* readOutput(
  output: Readable,
  ended: Promise<unknown>,
): AsyncGenerator<Buffer, void> {
  const drain = new Drain(output)
  ended.then(drain.begin, drain.begin)
  try {
    for await (const chunk of output as AsyncIterable<Buffer>) {
      drain.took(chunk.length)
      yield chunk
      if (drain.isSpent) return
      drain.wait()
    }
  } catch (error) {
    if (!drain.hasStopped) throw error
  } finally {
    drain.cancel()
  }
}

/** Ends the stream when nothing more is to be waited for. */
class Drain {
  readonly #output: Readable
  #hasEnded = false
  #hasStopped = false
  #waitingSince: number | undefined = performance.now()
  #waitMs = WAIT_MS
  #bytes = 0
  #chunks = 0
  #timer: NodeJS.Timeout | undefined
  #check: NodeJS.Immediate | undefined

  constructor(output: Readable) {
    this.#output = output
  }

  /** Whether the stream's early end is our doing. */
  get hasStopped(): boolean {
    return this.#hasStopped
  }

  /** Whether more came than a pipe can have held. */
  get isSpent(): boolean {
    return this.#bytes > BYTES_MAX || this.#chunks > CHUNKS_MAX
  }

  readonly begin = (): void => {
    this.#hasEnded = true
    if (this.#waitingSince !== undefined) this.wait()
  }

  wait(): void {
    this.#waitingSince = performance.now()
    if (this.#hasEnded) this.#timer = setTimeout(this.#overdue, Math.max(this.#waitMs, 0))
  }

  took(bytes: number): void {
    this.cancel()
    if (!this.#hasEnded) return
    this.#bytes += bytes
    this.#chunks++
  }

  cancel(): void {
    if (this.#hasEnded && this.#waitingSince !== undefined) {
      this.#waitMs -= performance.now() - this.#waitingSince
    }
    this.#waitingSince = undefined
    clearTimeout(this.#timer)
    clearImmediate(this.#check)
  }

  /** A busy event loop runs timers before it reads: what is in the pipe comes before an immediate does. */
  readonly #overdue = (): void => {
    this.#check = setImmediate(() => {
      if (this.#output.readableLength > 0) return
      this.#hasStopped = true
      this.#output.destroy()
    })
  }
}
