import { randomUUID } from 'node:crypto'
import { mkdir, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { createHash } from 'node:crypto'
import type { Logger } from 'pino'
import type { BlobStore } from '../blobs/blob-store.js'
import { messageOf } from '../../protocol/errors.js'
import type { Clock } from '../clock.js'
import type { Db } from '../store/database.js'
import { findStepLog, refOfRow, unfinishedStepLogs, updateStepLog } from '../store/step-logs.js'
import type { StepLogRow } from '../store/step-logs.js'
import { encodeArchiveIndex } from './archive-index.js'
import type { LogRef, LogStore } from './log-store.js'
import { packLog, unpackLog } from './pack-log.js'

/** No other server takes a log for so long, in milliseconds; what takes longer is done twice, to the same end. */
const CLAIM_MS = 10 * 60_000

/** Logs that are looked at in one go. */
const BATCH = 20

export interface ArchiverOptions {
  readonly db: Db
  /** Where logs grow. */
  readonly live: LogStore
  readonly blobs: BlobStore
  readonly clock: Clock
  /** How long a log stays where it grew once it is complete, in milliseconds. */
  readonly afterMs: number
  /** For files that are not blobs yet. */
  readonly directory: string
  readonly logger: Logger
}

/**
 * Moves complete logs to where they stay: packed into a file, stored, read back and compared, noted in the
 * database, and only then removed from where they grew. Each of these may be done twice, so a crash between two
 * of them costs nothing but the work.
 */
export class LogArchiver {
  readonly #options: ArchiverOptions

  constructor(options: ArchiverOptions) {
    this.#options = options
  }

  /** Does what there is to do, some of it. Says how many logs were dealt with. */
  async archiveSome(signal?: AbortSignal): Promise<number> {
    const { db, clock, afterMs, logger } = this.#options
    const now = clock.now()
    const rows = await unfinishedStepLogs(db, { before: now - afterMs, now, limit: BATCH })
    let done = 0
    for (const row of rows) {
      if (signal?.aborted === true) break
      if (!(await this.#claim(row, now))) continue
      try {
        await this.#finish(row)
        done += 1
      } catch (error) {
        // It is tried again when the claim ends.
        logger.error({ ...refOfRow(row), reason: messageOf(error) }, 'a log could not be archived')
      }
    }
    return done
  }

  #claim(row: StepLogRow, now: number): Promise<boolean> {
    const claimed_until = now + CLAIM_MS
    const { claimed_until: before } = row
    return updateStepLog(
      this.#options.db,
      refOfRow(row),
      { claimed_until },
      { claimed_until: before },
    )
  }

  /** Goes on with a log from wherever it is. */
  async #finish(row: StepLogRow): Promise<void> {
    const { db, live } = this.#options
    const ref = refOfRow(row)
    if (row.removed === 0 && row.archived === 0 && !(await this.#move(row, ref))) return
    await live.remove(ref)
    await updateStepLog(db, ref, { archived: 2 })
  }

  /** Makes the blob; says whether the log may go from where it grew. */
  async #move(row: StepLogRow, ref: LogRef): Promise<boolean> {
    const { db, live, directory, logger } = this.#options
    const size = await live.size(ref)
    await mkdir(directory, { recursive: true, mode: 0o700 })
    const path = join(directory, `${randomUUID()}.gz`)
    try {
      const packed = await packLog(live.read(ref, 0, size), path)
      if (size !== row.bytes || packed.sha256 !== row.sha256) {
        logger.error({ ...ref, bytes: size }, 'a log is not what it was: it stays where it is')
        await updateStepLog(db, ref, { archived: 3 })
        return false
      }
      return await this.#store(ref, packed, path)
    } finally {
      await rm(path, { force: true })
    }
  }

  async #store(ref: LogRef, packed: Awaited<ReturnType<typeof packLog>>, path: string) {
    const { db, blobs } = this.#options
    const key = blobKeyOf(ref, packed.sha256)
    await blobs.put(key, path)
    const { end } = packed.index
    const hash = createHash('sha256')
    for await (const chunk of unpackLog(blobs, key, packed.index, { from: 0, to: end.offset })) {
      hash.update(chunk)
    }
    if (hash.digest('hex') !== packed.sha256) throw new Error(`blob ${key} is not what was stored`)
    const change = {
      archived: 1,
      blob_key: key,
      blob_bytes: end.at,
      index_json: encodeArchiveIndex(packed.index),
    }
    if (await updateStepLog(db, ref, change, { archived: 0, removed: 0 })) return true
    // Removed meanwhile, or another server has done the same.
    const now = await findStepLog(db, ref)
    if (now?.blob_key !== key || now.removed > 0) await blobs.remove(key)
    return now !== null
  }
}

/** Key of a log's blob. The checksum makes it one for each content. */
export function blobKeyOf({ stageId, attempt, step }: LogRef, sha256: string): string {
  return `logs/${stageId}/${attempt}/${step}/${sha256}.ndjson.gz`
}

/** The log of a blob's key; null when it is none of ours. */
export function refOfBlobKey(key: string): LogRef | null {
  const match = /^logs\/(\d{1,15})\/(\d{1,15})\/(\d{1,15})\/[0-9a-f]{64}\.ndjson\.gz$/.exec(key)
  if (match === null) return null
  return { stageId: Number(match[1]), attempt: Number(match[2]), step: Number(match[3]) }
}
