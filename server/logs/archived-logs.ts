import type { BlobStore } from '../blobs/blob-store.js'
import type { Db } from '../store/database.js'
import { findStepLog } from '../store/step-logs.js'
import type { StepLogRow } from '../store/step-logs.js'
import { decodeArchiveIndex, logIndexOf } from './archive-index.js'
import type { ArchiveIndex } from './archive-index.js'
import type { LogIndex } from './log-index.js'
import type { LogRef, LogStore } from './log-store.js'
import { unpackLog } from './pack-log.js'

/** Parsed indexes that are kept; one is some 100 KB at most. */
const INDEXES_MAX = 64

/**
 * Logs in two places: where they grow, and as blobs once they are complete. The row of a complete log says which
 * of them has it; while both do, they are the same.
 */
export class ArchivedLogs implements LogStore {
  readonly #db: Db
  readonly #live: LogStore
  readonly #blobs: BlobStore
  /** Least recently used first. */
  readonly #indexes = new Map<string, ArchiveIndex>()

  constructor(parts: { readonly db: Db; readonly live: LogStore; readonly blobs: BlobStore }) {
    this.#db = parts.db
    this.#live = parts.live
    this.#blobs = parts.blobs
  }

  /** A chunk of a log that is complete comes a second time; there is nothing in it that the log lacks. */
  async append(ref: LogRef, offset: number, data: Buffer): Promise<number> {
    // Only what seems to be a new log, or to have lost something, can be one that was moved.
    if (offset > 0) {
      const length = await this.#live.append(ref, offset, data)
      if (length >= offset) return length
    }
    const row = await findStepLog(this.#db, ref)
    if (row !== null && isMoved(row)) return Math.max(row.bytes, offset + data.length)
    return offset === 0 ? this.#live.append(ref, offset, data) : this.#live.size(ref)
  }

  async sync(ref: LogRef): Promise<void> {
    if ((await this.#live.size(ref)) > 0) await this.#live.sync(ref)
  }

  async size(ref: LogRef): Promise<number> {
    const row = await findStepLog(this.#db, ref)
    return row !== null && isMoved(row) ? sizeOf(row) : this.#live.size(ref)
  }

  async *read(ref: LogRef, from: number, to: number): AsyncGenerator<Buffer> {
    const row = await findStepLog(this.#db, ref)
    if (row === null || !isMoved(row)) yield* this.#live.read(ref, from, to)
    else if (row.removed === 0)
      yield* unpackLog(this.#blobs, row.blob_key, this.#index(row), { from, to })
  }

  async sha256(ref: LogRef): Promise<string> {
    const row = await findStepLog(this.#db, ref)
    return row !== null && isMoved(row) ? row.sha256 : this.#live.sha256(ref)
  }

  async savedIndex(ref: LogRef): Promise<LogIndex | null> {
    const row = await findStepLog(this.#db, ref)
    const isBlob = row !== null && isMoved(row) && row.removed === 0
    return isBlob ? logIndexOf(this.#index(row)) : null
  }

  async remove(ref: LogRef): Promise<void> {
    const row = await findStepLog(this.#db, ref)
    if (row !== null && row.blob_key !== '') await this.#blobs.remove(row.blob_key)
    await this.#live.remove(ref)
  }

  async removeStage(stageId: number): Promise<void> {
    const query = this.#db.selectFrom('step_logs').select('blob_key')
    const rows = await query.where('stage_id', '=', stageId).where('blob_key', '<>', '').execute()
    for (const { blob_key: key } of rows) await this.#blobs.remove(key)
    await this.#live.removeStage(stageId)
  }

  #index(row: StepLogRow): ArchiveIndex {
    const known = this.#indexes.get(row.blob_key)
    const index = known ?? decodeArchiveIndex(row.index_json ?? '{"frames":[],"sections":[]}')
    this.#indexes.delete(row.blob_key)
    this.#indexes.set(row.blob_key, index)
    const [oldest] = this.#indexes.keys()
    if (this.#indexes.size > INDEXES_MAX && oldest !== undefined) this.#indexes.delete(oldest)
    return index
  }
}

function isMoved({ archived, removed }: StepLogRow): boolean {
  return archived === 1 || archived === 2 || removed > 0
}

function sizeOf({ bytes, removed }: StepLogRow): number {
  return removed > 0 ? 0 : bytes
}
