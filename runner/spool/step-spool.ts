import { createHash } from 'node:crypto'
import { open, type FileHandle } from 'node:fs/promises'
import {
  encodeLogRecord,
  type LogRecord,
  type LogSection,
  type LogStream,
} from '../../protocol/log-record.js'
import type { LogSummary } from '../../protocol/uplink.js'
import { LineSplitter } from './line-splitter.js'
import { readRecords } from './read-records.js'

/** Above this many bytes waiting to be written, whoever produces output has to wait. */
const WRITE_QUEUE_BYTES_MAX = 1024 * 1024

/** An unfinished line is shown after this long without output, so that prompts are seen live. */
const QUIET_MS = 100

export interface StepSpoolOptions {
  /** Must not exist; made with the first output. */
  readonly file: string
  /** Milliseconds of a monotonic clock. */
  readonly now: () => number
  /** Called whenever more bytes can be read. */
  readonly onGrow: () => void
}

/**
 * The log of one step on disk: an append-only file of NDJSON records. Bytes are written in batches;
 * when the disk is slower than the step, `write` says so and the step's pipe fills up.
 */
export class StepSpool {
  readonly #options: StepSpoolOptions
  readonly #startedAt: number
  readonly #splitter = new LineSplitter()
  readonly #hash = createHash('sha256')
  readonly #waiters: { resolve: () => void; reject: (error: Error) => void }[] = []
  #handle: FileHandle | null = null
  #queue: Buffer[] = []
  #queuedBytes = 0
  #queuedLines = 0
  #writtenBytes = 0
  #writtenLines = 0
  #writing: Promise<void> | null = null
  #quietTimer: NodeJS.Timeout | null = null
  #failure: Error | null = null

  constructor(options: StepSpoolOptions) {
    this.#options = options
    this.#startedAt = options.now()
  }

  /** Bytes of the log that are in the file. */
  get length(): number {
    return this.#writtenBytes
  }

  /**
   * Takes output of the step.
   * @returns a promise when the write queue is full; write no more until it resolves.
   * @throws the error of the disk, once writing has failed.
   */
  write(data: Uint8Array, stream: LogStream = 'stdout'): Promise<void> | undefined {
    if (this.#failure) throw this.#failure
    this.#append(this.#splitter.push(data, this.#elapsedMs(), stream))
    this.#armQuietTimer()
    if (this.#queuedBytes <= WRITE_QUEUE_BYTES_MAX) return undefined
    return new Promise((resolve, reject) => this.#waiters.push({ resolve, reject }))
  }

  /** What is written next is the first line of a command. */
  begin(section: LogSection): void {
    this.#append(this.#splitter.begin(section, this.#elapsedMs()))
  }

  /**
   * Writes what is left and gives length and checksum of the log as it is in the file, also after
   * writing failed. Call it once.
   */
  async end(): Promise<LogSummary> {
    this.#clearQuietTimer()
    this.#append(this.#splitter.end(this.#elapsedMs()))
    while (this.#writing) await this.#writing
    return {
      bytes: this.#writtenBytes,
      lines: this.#writtenLines,
      sha256: this.#hash.digest('hex'),
    }
  }

  /** Whole records from `offset` on, about `bytesMax` bytes of them; empty when there is none. */
  async read(offset: number, bytesMax: number): Promise<Buffer> {
    if (!this.#handle) return Buffer.alloc(0)
    return readRecords(this.#handle, offset, this.#writtenBytes, bytesMax)
  }

  /** Closes the file. Nothing can be read after it. */
  async close(): Promise<void> {
    this.#clearQuietTimer()
    while (this.#writing) await this.#writing
    await this.#handle?.close()
    this.#handle = null
  }

  #append(records: readonly LogRecord[]): void {
    if (records.length === 0 || this.#failure) return
    const bytes = Buffer.from(records.map(encodeLogRecord).join(''))
    this.#queue.push(bytes)
    this.#queuedBytes += bytes.length
    this.#queuedLines += records.length
    this.#writing ??= this.#drain()
  }

  async #drain(): Promise<void> {
    try {
      this.#handle ??= await open(this.#options.file, 'wx+', 0o600)
      const handle = this.#handle
      while (this.#queue.length > 0) {
        const batch = Buffer.concat(this.#queue)
        const lines = this.#queuedLines
        this.#queue = []
        this.#queuedLines = 0
        await handle.appendFile(batch)
        this.#hash.update(batch)
        this.#writtenBytes += batch.length
        this.#writtenLines += lines
        this.#queuedBytes -= batch.length
        this.#release()
        this.#options.onGrow()
      }
    } catch (error) {
      this.#fail(error instanceof Error ? error : new Error(String(error)))
    } finally {
      // Set here and not in a `then`: an append right after the loop must start a new drain.
      this.#writing = null
    }
  }

  #release(): void {
    if (this.#queuedBytes > WRITE_QUEUE_BYTES_MAX) return
    for (const waiter of this.#waiters.splice(0)) waiter.resolve()
  }

  #fail(error: Error): void {
    this.#failure = error
    this.#queue = []
    this.#queuedBytes = 0
    for (const waiter of this.#waiters.splice(0)) waiter.reject(error)
  }

  #armQuietTimer(): void {
    this.#clearQuietTimer()
    if (!this.#splitter.hasPartial) return
    this.#quietTimer = setTimeout(() => {
      this.#append(this.#splitter.flush(this.#elapsedMs()))
    }, QUIET_MS)
  }

  #clearQuietTimer(): void {
    if (this.#quietTimer) clearTimeout(this.#quietTimer)
    this.#quietTimer = null
  }

  #elapsedMs(): number {
    return Math.max(0, Math.round(this.#options.now() - this.#startedAt))
  }
}
