import type { Logger } from 'pino'
import { messageOf } from '../../protocol/errors.js'
import type { Heartbeat, RunnerOffer } from '../../protocol/uplink.js'
import type { Clock } from '../clock.js'
import type { Db } from '../store/database.js'
import type { RunnerRow } from '../store/runners.js'
import { forgetPredecessors, forgetRunners, saveRunner } from '../store/runners.js'
import type { DecodedEntry } from '../uplink/decode-message.js'
import { REMEMBERED_MS, silentSince } from './runner-service.js'

/** An unchanged runner is written again after this long, in milliseconds. */
const REFRESH_MS = 5_000
/** Sessions that are remembered; beyond them each heartbeat is written. */
const SESSIONS_MAX = 10_000

/**
 * Writes down which runners there are, from their heartbeats: what changed at once, what did not every few
 * seconds. It is told beside what is applied in order, and what can't be written now comes again.
 */
export class RunnerPresence {
  readonly #db: Db
  readonly #clock: Clock
  readonly #logger: Logger
  readonly #written = new Map<string, { readonly offer: string; readonly at: number }>()
  #sweptAt = 0

  constructor(options: { readonly db: Db; readonly clock: Clock; readonly logger: Logger }) {
    this.#db = options.db
    this.#clock = options.clock
    this.#logger = options.logger
  }

  /** Looks for heartbeats among what runners sent. Never throws: nothing else depends on it. */
  async note(entries: readonly DecodedEntry[]): Promise<void> {
    try {
      for (const [session, heartbeat] of lastHeartbeats(entries)) {
        await this.#noteHeartbeat(session, heartbeat)
      }
      await this.#sweep()
    } catch (error) {
      this.#logger.warn({ reason: messageOf(error) }, 'could not write down a runner')
    }
  }

  async #noteHeartbeat(session: string, { machine, runner }: Heartbeat): Promise<void> {
    if (runner === undefined) return
    const now = this.#clock.now()
    const offer = JSON.stringify([machine, runner])
    const before = this.#written.get(session)
    if (before?.offer === offer && now < before.at + REFRESH_MS) return
    const row = rowOf(session, machine, runner, now)
    await saveRunner(this.#db, row)
    if (!before) await forgetPredecessors(this.#db, row, silentSince(now))
    this.#written.delete(session)
    if (this.#written.size < SESSIONS_MAX) this.#written.set(session, { offer, at: now })
  }

  async #sweep(): Promise<void> {
    const now = this.#clock.now()
    if (now < this.#sweptAt + REMEMBERED_MS / 24) return
    this.#sweptAt = now
    for (const [session, { at }] of this.#written) {
      if (at < silentSince(now)) this.#written.delete(session)
    }
    await forgetRunners(this.#db, now - REMEMBERED_MS)
  }
}

function lastHeartbeats(entries: readonly DecodedEntry[]): ReadonlyMap<string, Heartbeat> {
  const last = new Map<string, Heartbeat>()
  for (const { session, message } of entries) {
    if (message?.type === 'heartbeat') last.set(session, message)
  }
  return last
}

function rowOf(session: string, machine: string, offer: RunnerOffer, now: number): RunnerRow {
  const { queue, os, arch, variant = '', version = '', labels, capacity, running } = offer
  return {
    ...{ session, machine, queue, os, arch, variant, capacity, running },
    os_version: version,
    labels_json: JSON.stringify(labels),
    version: offer.release ?? '',
    first_seen: now,
    last_seen: now,
  }
}
