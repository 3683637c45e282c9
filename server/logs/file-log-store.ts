import assert from 'node:assert/strict'
import { open, rm, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { nullIfMissing } from '../null-if-missing.js'
import { KeyedLock } from '../keyed-lock.js'
import type { LogRef, LogStore } from './log-store.js'
import { OpenLog, readRange } from './open-log.js'

/** Log files kept open between two appends. */
const OPEN_LOGS_MAX = 128

/** Keeps logs as files: `<root>/<stageId>/<attempt>/<step>.ndjson`. */
export class FileLogStore implements LogStore {
  readonly #root: string
  readonly #openLogsMax: number
  /** Least recently used first. */
  readonly #open = new Map<string, OpenLog>()
  readonly #lock = new KeyedLock()

  constructor(root: string, options: { readonly openLogsMax?: number } = {}) {
    this.#root = root
    this.#openLogsMax = options.openLogsMax ?? OPEN_LOGS_MAX
  }

  async append(ref: LogRef, offset: number, data: Buffer): Promise<number> {
    return this.#withLog(ref, (log) => log.append(offset, data))
  }

  async sync(ref: LogRef): Promise<void> {
    await this.#withLog(ref, (log) => log.sync())
  }

  async sha256(ref: LogRef): Promise<string> {
    return this.#withLog(ref, (log) => log.sha256())
  }

  async size(ref: LogRef): Promise<number> {
    const path = this.#path(ref)
    const log = this.#open.get(path)
    if (log) return log.bytes
    return (await nullIfMissing(stat(path)))?.size ?? 0
  }

  async *read(ref: LogRef, from: number, to: number): AsyncGenerator<Buffer> {
    const file = await nullIfMissing(open(this.#path(ref), 'r'))
    if (!file) return
    try {
      yield* readRange(file, from, to)
    } finally {
      await file.close()
    }
  }

  async remove(ref: LogRef): Promise<void> {
    const path = this.#path(ref)
    await this.#lock.run(path, async () => {
      await this.#close(path)
      await rm(path, { force: true })
    })
  }

  async removeStage(stageId: number): Promise<void> {
    const directory = join(this.#root, numberName(stageId))
    const open = [...this.#open.keys()].filter((path) => path.startsWith(`${directory}/`))
    for (const path of open) await this.#lock.run(path, () => this.#close(path))
    await rm(directory, { recursive: true, force: true })
  }

  /** Closes every file. */
  async close(): Promise<void> {
    for (const path of [...this.#open.keys()]) {
      await this.#lock.run(path, () => this.#close(path))
    }
  }

  async #withLog<T>(ref: LogRef, work: (log: OpenLog) => Promise<T>): Promise<T> {
    const path = this.#path(ref)
    const result = await this.#lock.run(path, async () => {
      try {
        return await work(await this.#opened(path))
      } catch (error) {
        // What a failed write left in the file is only known by opening it again.
        await this.#close(path)
        throw error
      }
    })
    await this.#closeLeastUsed()
    return result
  }

  async #opened(path: string): Promise<OpenLog> {
    const log = this.#open.get(path) ?? (await OpenLog.open(path))
    this.#open.delete(path)
    this.#open.set(path, log)
    return log
  }

  /** Runs outside of any lock: two callers that wait for each other's log would wait for ever. */
  async #closeLeastUsed(): Promise<void> {
    while (this.#open.size > this.#openLogsMax) {
      const [path] = this.#open.keys()
      if (path === undefined) return
      await this.#lock.run(path, () => this.#close(path))
    }
  }

  async #close(path: string): Promise<void> {
    const log = this.#open.get(path)
    this.#open.delete(path)
    await log?.close()
  }

  #path({ stageId, attempt, step }: LogRef): string {
    return join(this.#root, numberName(stageId), numberName(attempt), `${numberName(step)}.ndjson`)
  }
}

function numberName(value: number): string {
  assert(Number.isSafeInteger(value) && value >= 0, `not a number to name a log by: ${value}`)
  return String(value)
}
