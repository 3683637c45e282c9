import { createHash } from 'node:crypto'
import type { Hash } from 'node:crypto'
import type { Db } from '../store/database.js'
import { logKey } from './log-store.js'
import type { LogRef, LogStore } from './log-store.js'

/** Bytes of one row at most, and rows that are read at a time. */
const SEGMENT_BYTES_MAX = 256 * 1024
const ROWS_AT_A_TIME = 8

/** Checksums that are kept as they grow. */
const HASHES_MAX = 512

/** Keeps logs that grow in the database, so that every server has them at once. */
export class SegmentLogStore implements LogStore {
  readonly #db: Db
  /** Least recently used first. */
  readonly #hashes = new Map<string, { readonly hash: Hash; bytes: number }>()

  constructor(db: Db) {
    this.#db = db
  }

  async append(ref: LogRef, offset: number, data: Buffer): Promise<number> {
    let length = await this.size(ref)
    if (offset > length) return length
    let rest = data.subarray(length - offset)
    while (rest.length > 0) {
      const part = rest.subarray(0, SEGMENT_BYTES_MAX)
      // Another server may have been faster; then it had the same bytes, though maybe more or less of them.
      if (!(await this.#insert(ref, length, part))) return this.append(ref, offset, data)
      this.#hash(ref, length, part)
      length += part.length
      rest = rest.subarray(part.length)
    }
    return length
  }

  /** A commit is safe already. */
  sync(): Promise<void> {
    return Promise.resolve()
  }

  async size(ref: LogRef): Promise<number> {
    const last = await this.#of(ref)
      .select(['position', 'bytes'])
      .orderBy('position', 'desc')
      .limit(1)
      .executeTakeFirst()
    return last === undefined ? 0 : last.position + last.bytes
  }

  async *read(ref: LogRef, from: number, to: number): AsyncGenerator<Buffer> {
    const first = await this.#of(ref)
      .select('position')
      .where('position', '<=', from)
      .orderBy('position', 'desc')
      .limit(1)
      .executeTakeFirst()
    let position = first?.position ?? 0
    while (position < to) {
      const rows = await this.#of(ref)
        .select(['position', 'bytes', 'data'])
        .where('position', '>=', position)
        .where('position', '<', to)
        .orderBy('position')
        .limit(ROWS_AT_A_TIME)
        .execute()
      for (const row of rows) {
        const data = Buffer.from(row.data)
        position = row.position + row.bytes
        const part = data.subarray(Math.max(0, from - row.position), Math.max(0, to - row.position))
        if (part.length > 0) yield part
      }
      if (rows.length < ROWS_AT_A_TIME) return
    }
  }

  async sha256(ref: LogRef): Promise<string> {
    const size = await this.size(ref)
    const known = this.#hashes.get(logKey(ref))
    if (known?.bytes === size) return known.hash.copy().digest('hex')
    const hash = createHash('sha256')
    for await (const chunk of this.read(ref, 0, size)) hash.update(chunk)
    return hash.digest('hex')
  }

  async remove(ref: LogRef): Promise<void> {
    const { stageId, attempt, step } = ref
    this.#hashes.delete(logKey(ref))
    const query = this.#db.deleteFrom('log_segments').where('stage_id', '=', stageId)
    await query.where('attempt', '=', attempt).where('step', '=', step).execute()
  }

  async removeStage(stageId: number): Promise<void> {
    await this.#db.deleteFrom('log_segments').where('stage_id', '=', stageId).execute()
  }

  #of({ stageId, attempt, step }: LogRef) {
    const query = this.#db.selectFrom('log_segments').where('stage_id', '=', stageId)
    return query.where('attempt', '=', attempt).where('step', '=', step)
  }

  async #insert(ref: LogRef, position: number, data: Buffer): Promise<boolean> {
    const { stageId: stage_id, attempt, step } = ref
    const result = await this.#db
      .insertInto('log_segments')
      .values({ stage_id, attempt, step, position, bytes: data.length, data })
      .onConflict((conflict) =>
        conflict.columns(['stage_id', 'attempt', 'step', 'position']).doNothing(),
      )
      .executeTakeFirst()
    return (result.numInsertedOrUpdatedRows ?? 0n) > 0n
  }

  /** Goes on with the checksum when we have it from the log's start on. */
  #hash(ref: LogRef, position: number, data: Buffer): void {
    const key = logKey(ref)
    const known = position === 0 ? { hash: createHash('sha256'), bytes: 0 } : this.#hashes.get(key)
    this.#hashes.delete(key)
    if (known?.bytes !== position) return
    known.hash.update(data)
    known.bytes += data.length
    this.#hashes.set(key, known)
    const [oldest] = this.#hashes.keys()
    if (this.#hashes.size > HASHES_MAX && oldest !== undefined) this.#hashes.delete(oldest)
  }
}
