import { setTimeout as delay } from 'node:timers/promises'
import { messageOf } from '../../protocol/errors.js'
import type { RunnerLog } from '../log.js'
import { formatBytes } from '../stage/format.js'
import {
  describePressure,
  diskFullError,
  hasRoom,
  readDiskSpace,
  type DiskPressure,
} from './free-space.js'

const INTERVAL_MS = 1000
/** Between two looks of who waits to begin. */
const PAUSE_MS = 100
/** Ending who has taken less makes no room: something else fills the disk. */
const WORTHWHILE_BYTES = 1024 ** 2

/** Something that takes space, and whose end gives it back. */
export interface DiskUser {
  /** For the log. */
  readonly name: string
  /** What of it takes space, e.g. `its writable layer`. */
  readonly what: string
  /** Bytes that it has taken; asked only when there is no room. */
  measure(): Promise<number>
  /** Ends it, for a reason in words. */
  evict(reason: string): void
}

export interface DiskGuardOptions {
  /** Where it is looked at. */
  readonly directory: string
  /** Bytes that are to stay free; 0: no guard. Default as `readDiskSpace`. */
  readonly reserveBytes?: number | undefined
  /** Gives up what nobody needs now, before anybody is ended. @returns bytes */
  readonly relieve?: () => Promise<number>
  readonly log: RunnerLog
}

/**
 * Keeps a reserve of the disk free that all layers and workspaces of a runner share: what they may hold is
 * more than there is, and what they could not write out any more would be lost. One watch for all: it looks
 * about every second while there is anything to end, or while room is waited for.
 */
export class DiskGuard {
  readonly #options: DiskGuardOptions
  readonly #users = new Set<DiskUser>()
  readonly #listeners: ((pressure: DiskPressure | null) => void)[] = []
  #pressure: DiskPressure | null = null
  #evicted: DiskUser | null = null
  #timer: NodeJS.Timeout | null = null
  #isTurning = false
  #wasFull = false
  #isClosed = false

  constructor(options: DiskGuardOptions) {
    this.#options = options
  }

  /** What the last look has found; null: there was room. */
  get pressure(): DiskPressure | null {
    return this.#pressure
  }

  /** Called whenever room has become too little, or enough again (null). */
  onChange(listener: (pressure: DiskPressure | null) => void): void {
    this.#listeners.push(listener)
  }

  /** Looks whether there is room now; null: there is. */
  async look(): Promise<DiskPressure | null> {
    const { directory, reserveBytes } = this.#options
    if (reserveBytes === 0 || this.#isClosed) return null
    try {
      const space = await readDiskSpace(directory, reserveBytes)
      this.#found(hasRoom(space) ? null : space)
    } catch (error) {
      this.#options.log.warn({ error: messageOf(error) }, 'free space can’t be told')
    }
    return this.#pressure
  }

  /**
   * Waits for what an ended one leaves to be taken away.
   * @throws SandpiperError SP_RUNNER_DISK_FULL when there is no room then; AbortError
   */
  async assertRoom(signal: AbortSignal): Promise<void> {
    let pressure = await this.look()
    if (pressure !== null && (await this.#relieve())) pressure = await this.look()
    while (pressure !== null && this.#evicted !== null) {
      await delay(PAUSE_MS, undefined, { signal })
      pressure = await this.look()
    }
    if (pressure !== null) throw diskFullError(pressure)
  }

  /**
   * From here on it may be ended when there is no room: who has taken most comes first, and nobody else
   * until what that one leaves is gone.
   * @returns what takes that back, to be called when it has ended
   */
  watch(user: DiskUser): () => void {
    this.#users.add(user)
    this.#arm()
    return () => {
      this.#users.delete(user)
      this.#arm()
    }
  }

  close(): void {
    this.#isClosed = true
    this.#arm()
  }

  #found(pressure: DiskPressure | null): void {
    const isNews = (pressure === null) !== (this.#pressure === null)
    this.#pressure = pressure
    if (!isNews || this.#isClosed) return
    const { log } = this.#options
    if (pressure === null) log.info({}, 'there is room on the disk again')
    else
      log.warn({ ...pressure }, `${describePressure(pressure)}; nothing starts until there is room`)
    for (const listener of this.#listeners) listener(pressure)
    this.#arm()
  }

  #arm(): void {
    const isNeeded = !this.#isClosed && (this.#users.size > 0 || this.#pressure !== null)
    if (isNeeded && this.#options.reserveBytes !== 0) {
      this.#timer ??= setInterval(() => void this.#turn(), INTERVAL_MS)
    } else if (this.#timer !== null) {
      clearInterval(this.#timer)
      this.#timer = null
    }
  }

  /** Measuring may take longer than to the next turn. */
  async #turn(): Promise<void> {
    if (this.#isTurning) return
    this.#isTurning = true
    const pressure = await this.look()
    if (pressure !== null && this.#wasFull) await this.#makeRoom(pressure)
    this.#wasFull = pressure !== null
    this.#isTurning = false
  }

  /**
   * Ends one at a time. Not at the first look that finds no room: what images hold is told about every second,
   * and who has just filled the disk would not show.
   */
  async #makeRoom(pressure: DiskPressure): Promise<void> {
    if (this.#evicted !== null) {
      // What it leaves is taken away beside: the next look counts.
      if (!this.#users.has(this.#evicted)) this.#evicted = null
      return
    }
    if (await this.#relieve()) return
    const [largest] = (await this.#measured()).sort((a, b) => b.bytes - a.bytes)
    if (largest === undefined || this.#isClosed) return
    const { user, bytes } = largest
    const reason = `${describePressure(pressure)}; ended as the one that takes most: ${formatBytes(bytes)} in ${user.what}`
    const { name, what } = user
    this.#options.log.warn({ name, what, bytes }, 'ending what takes most of the disk')
    this.#evicted = user
    user.evict(reason)
  }

  /** Whether there may be room by the next look without anybody's end. */
  async #relieve(): Promise<boolean> {
    const { relieve, log } = this.#options
    try {
      const bytes = (await relieve?.()) ?? 0
      if (bytes > 0) log.warn({ bytes }, 'images that nothing runs on were removed to make room')
      return bytes >= WORTHWHILE_BYTES
    } catch (error) {
      log.warn({ error: messageOf(error) }, 'no room could be made among the images')
      return false
    }
  }

  async #measured(): Promise<{ readonly user: DiskUser; readonly bytes: number }[]> {
    const measuring = [...this.#users].map(async (user) => {
      return { user, bytes: await user.measure().catch(() => 0) }
    })
    const measured = await Promise.all(measuring)
    return measured.filter(({ user, bytes }) => bytes >= WORTHWHILE_BYTES && this.#users.has(user))
  }
}
