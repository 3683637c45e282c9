import type { Logger } from 'pino'
import { messageOf } from '../../protocol/errors.js'
import type { Clock } from '../clock.js'
import type { Dispatcher } from '../scheduling/dispatcher.js'
import type { Repo } from '../services.js'
import type { Db } from '../store/database.js'
import { findLogEntry, insertLogEntry, listLogEntries, trimLog } from '../store/delivery-log.js'
import { unpackBody } from './record.js'
import type { DeliveryLog, LoggedDelivery, Refusal } from './types.js'

/** Entries that a repo keeps of what was taken in, and of what was turned away, and for how long. */
const KEPT = { taken: 500, refused: 50, ms: 30 * 24 * 60 * 60 * 1_000 }
/** Entries of a repo between two looks at how many there are. */
const TRIM_EVERY = 100
/** A stranger's deliveries are noted this often at most, for each repo. */
const REFUSED_PER_MINUTE_MAX = 10
const MINUTE_MS = 60_000

const TAKEN = ['built', 'ignored', 'duplicate'] as const

export interface DeliveryLogOptions {
  readonly db: Db
  readonly clock: Clock
  readonly logger: Logger
  /** Does what nobody waits for. */
  readonly dispatcher: Pick<Dispatcher, 'background'>
}

/** The log of webhooks in the database. */
export class StoredDeliveryLog implements DeliveryLog {
  readonly #options: DeliveryLogOptions
  /** By repo: entries since the last trim. */
  readonly #written = new Map<number, number>()
  /** By repo: when the minute began, and what was refused in it. */
  readonly #refused = new Map<number, { readonly since: number; count: number }>()

  constructor(options: DeliveryLogOptions) {
    this.#options = options
  }

  list(repo: Repo, page: { readonly limit: number; readonly before?: number | undefined }) {
    return listLogEntries(this.#options.db, repo.id, page)
  }

  async find(repo: Repo, id: number): Promise<LoggedDelivery | null> {
    const row = await findLogEntry(this.#options.db, repo.id, id)
    if (row === null) return null
    const { headers_json: headers, body, ...head } = row
    return {
      ...head,
      headers: JSON.parse(headers) as Record<string, string>,
      body: body === null ? null : unpackBody(body),
    }
  }

  /** To be called for each entry that was written. */
  noteWritten(repoId: number): void {
    const count = (this.#written.get(repoId) ?? TRIM_EVERY) + 1
    this.#written.set(repoId, count % TRIM_EVERY)
    if (count < TRIM_EVERY) return
    this.#written.set(repoId, 0)
    this.#inBackground(repoId, () => this.#trim(repoId))
  }

  refused(repo: Repo, refusal: Refusal): void {
    if (!this.#mayNote(repo.id)) return
    this.#inBackground(repo.id, async () => {
      await insertLogEntry(this.#options.db, rowOf(repo, refusal, this.#options.clock.now()))
      await this.#trim(repo.id)
    })
  }

  #mayNote(repoId: number): boolean {
    const now = this.#options.clock.now()
    const minute = this.#refused.get(repoId)
    if (minute === undefined || now - minute.since >= MINUTE_MS) {
      this.#refused.set(repoId, { since: now, count: 1 })
      return true
    }
    minute.count += 1
    return minute.count <= REFUSED_PER_MINUTE_MAX
  }

  async #trim(repoId: number): Promise<void> {
    const olderThan = this.#options.clock.now() - KEPT.ms
    const { db } = this.#options
    await trimLog(db, repoId, { outcomes: TAKEN, keep: KEPT.taken, olderThan })
    await trimLog(db, repoId, { outcomes: ['refused'], keep: KEPT.refused, olderThan })
  }

  #inBackground(repoId: number, work: () => Promise<void>): void {
    const { dispatcher, logger } = this.#options
    dispatcher.background(() =>
      work().catch((error: unknown) =>
        logger.warn({ repoId, reason: messageOf(error) }, 'could not keep the log of deliveries'),
      ),
    )
  }
}

function rowOf(repo: Repo, refusal: Refusal, now: number) {
  const { record } = refusal
  return {
    repo_id: repo.id,
    forge: refusal.forge,
    delivery_id: refusal.deliveryId.slice(0, 128),
    event: refusal.event.slice(0, 64),
    received: record.arrived,
    took_ms: Math.max(0, now - record.arrived),
    outcome: 'refused',
    status: refusal.status,
    reason: refusal.reason.slice(0, 1_000),
    builds_json: '[]',
    original: 0,
    requested_by: '',
    headers_json: record.headersJson,
    body: record.body,
    body_bytes: record.bodyBytes,
  }
}
