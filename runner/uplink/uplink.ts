import { randomBytes } from 'node:crypto'
import { attemptKey, type Cancel, type DownlinkMessage } from '../../protocol/downlink.js'
import { messageOf } from '../../protocol/errors.js'
import type { RedisKeys } from '../../protocol/keys.js'
import type { AttemptRef, RunnerOffer, UplinkMessage } from '../../protocol/uplink.js'
import type { RunnerLog } from '../log.js'
import { Outage } from '../outage.js'
import type { UsageSource } from '../stage/sink.js'
import { Lane } from './lane.js'
import { Outbox } from './outbox.js'
import { ResendTimer } from './resend-timer.js'
import { Transport, type DownlinkState } from './transport.js'
import { UsageReports, type StepRef } from './usage-reports.js'

const TICK_MS = 500
/** Log bytes in one pipeline to Redis. */
const BATCH_BYTES = 512 * 1024

export interface UplinkOptions {
  readonly redisUrl: string
  readonly keys: RedisKeys
  readonly machine: string
  readonly heartbeatMs: number
  readonly log: RunnerLog
  /** What heartbeats tell of the runner; absent: nothing. */
  readonly offer?: () => RunnerOffer
}

/** Whether the server gave the stage to this session. */
export type Claim =
  { readonly granted: true } | { readonly granted: false; readonly reason: string }

/**
 * The runner's side of protocol/uplink.ts for one session. Every attempt puts its messages in a lane;
 * as far as the window has room they get their numbers and travel over Redis. With Redis away the
 * lanes wait on disk; what was sent and not acknowledged is sent again.
 */
export class Uplink {
  readonly session = randomBytes(16).toString('hex')
  readonly #options: UplinkOptions
  readonly #outbox = new Outbox()
  readonly #lanes = new Set<Lane>()
  readonly #held = new Map<string, AttemptRef>()
  readonly #cancels = new Map<string, Cancel>()
  readonly #cancelListeners = new Map<string, (cancel: Cancel) => void>()
  readonly #usage = new UsageReports()
  readonly #resend = new ResendTimer()
  readonly #timers: NodeJS.Timeout[]
  readonly #transport: Transport
  #ackWaiters: { readonly seq: number; readonly resolve: () => void }[] = []
  #pumping: Promise<void> | null = null
  #isWoken = false
  #closed = false

  constructor(options: UplinkOptions) {
    this.#options = options
    const outage = new Outage(options.log, 'Redis is not reachable')
    this.#transport = new Transport({
      ...options,
      session: this.session,
      onReady: () => {
        outage.ended()
        this.#onReady()
      },
      onMessage: (message) => this.#onMessage(message),
      onError: (error) => outage.failed(error),
    })
    this.#timers = [
      setInterval(() => void this.#tick(), TICK_MS),
      setInterval(() => this.#heartbeat(), options.heartbeatMs),
    ]
  }

  /** A lane for an attempt; its messages leave in turn with those of other lanes. */
  openLane(ref: AttemptRef): Lane {
    const lane = new Lane(ref)
    this.#lanes.add(lane)
    return lane
  }

  /** Forgets the lane and whatever it has not handed out. */
  closeLane(lane: Lane): void {
    lane.close()
    this.#lanes.delete(lane)
  }

  /** From here on heartbeats tell what the step has used so far. */
  openUsage(ref: StepRef, source: UsageSource): void {
    this.#usage.open(ref, source)
  }

  closeUsage(ref: StepRef): void {
    this.#usage.close(ref)
  }

  /** Something was put in a lane or a log has grown. */
  wake(): void {
    this.#isWoken = true
    this.#pumping ??= this.#pump()
  }

  /**
   * Asks the server for the attempt and waits for the answer, for as long as that takes. While the
   * attempt is held, heartbeats renew its lease and `onCancel` hears when it is to stop.
   */
  async claim(lane: Lane, onCancel: (cancel: Cancel) => void): Promise<Claim> {
    const key = attemptKey(lane.ref)
    const { machine } = this.#options
    lane.state({ type: 'stage.started', ...lane.ref, machine, at: Date.now() })
    this.wake()
    await this.acknowledged(lane)
    await this.#pollUntilDone()
    const cancel = this.#cancels.get(key)
    if (cancel?.kind === 'stale') return { granted: false, reason: cancel.reason }
    this.#held.set(key, lane.ref)
    this.#cancelListeners.set(key, onCancel)
    if (cancel) onCancel(cancel)
    return { granted: true }
  }

  /** The attempt has ended here: no more heartbeats for it, no more cancellations. */
  release(ref: AttemptRef): void {
    const key = attemptKey(ref)
    this.#held.delete(key)
    this.#cancelListeners.delete(key)
    this.#cancels.delete(key)
  }

  /** Resolves when everything in the lane is handed out and acknowledged. */
  async acknowledged(lane: Lane): Promise<void> {
    await lane.idle()
    const seq = lane.lastSeq
    if (seq <= this.#outbox.ackedSeq) return
    await new Promise<void>((resolve) => this.#ackWaiters.push({ seq, resolve }))
  }

  /** Stops at once; what is not acknowledged stays in the spool for a successor. */
  async close(): Promise<void> {
    this.#closed = true
    for (const timer of this.#timers) clearInterval(timer)
    this.#transport.close()
    await this.#pumping
  }

  async #pump(): Promise<void> {
    try {
      // Never end before `wake` has stored the promise of this.
      await Promise.resolve()
      while (this.#isWoken && this.#transport.isReady && !this.#closed) {
        this.#isWoken = false
        await this.#sendAll()
      }
    } catch (error) {
      // The tick tries again.
      this.#options.log.warn({ error: messageOf(error) }, 'could not send to Redis')
    } finally {
      this.#pumping = null
    }
  }

  async #sendAll(): Promise<void> {
    for (;;) {
      await this.#fill()
      const batch = this.#outbox.unsent(BATCH_BYTES)
      if (batch.length === 0) return
      await this.#transport.send(batch)
      this.#resend.sent(Date.now())
    }
  }

  /** Moves messages from the lanes to the outbox, one of each lane in turn, while there is room. */
  async #fill(): Promise<void> {
    let isProgress = true
    while (isProgress) {
      isProgress = false
      for (const lane of this.#lanes) {
        if (!this.#outbox.hasRoom) return
        const message = await this.#next(lane)
        if (message === null || !this.#lanes.has(lane)) continue
        lane.handedOut(this.#outbox.add(message).seq)
        isProgress = true
      }
    }
  }

  /** A lane that can't read its spool is given up: its stage gets another attempt by its lease. */
  async #next(lane: Lane): Promise<UplinkMessage | null> {
    try {
      return await lane.next()
    } catch (error) {
      this.#options.log.error({ ...lane.ref, error: messageOf(error) }, 'could not read the spool')
      this.closeLane(lane)
      return null
    }
  }

  #heartbeat(): void {
    // One at a time is enough: while it is not acknowledged nothing renews the lease anyway.
    if (!this.#outbox.hasHeartbeat) {
      const { machine, offer } = this.#options
      const stages = [...this.#held.values()]
      const runner = offer && { runner: offer() }
      this.#outbox.add({ type: 'heartbeat', machine, stages, ...this.#usage.take(), ...runner })
      this.wake()
    }
    void this.#poll()
  }

  async #tick(): Promise<void> {
    if (!this.#transport.isReady) return
    this.wake()
    const oldest = this.#outbox.oldest
    if (!oldest || !this.#resend.isDue(Date.now())) return
    if (!(await this.#poll()) || this.#outbox.oldest !== oldest) return
    const isThere = oldest.streamId !== null && (await this.#holds(oldest.streamId))
    if (isThere && !this.#resend.isOverdue(Date.now())) return
    this.#options.log.info({ from: oldest.seq }, 'sending again what was not acknowledged')
    this.#outbox.markAllUnsent()
    this.#resend.resent(Date.now())
    this.wake()
  }

  async #holds(streamId: string): Promise<boolean> {
    return this.#transport.holds(streamId).catch(() => true)
  }

  #onReady(): void {
    this.#resend.connected(Date.now())
    void this.#poll()
    this.wake()
  }

  async #pollUntilDone(): Promise<void> {
    while (!this.#closed && !(await this.#poll())) {
      await new Promise((resolve) => setTimeout(resolve, TICK_MS))
    }
  }

  async #poll(): Promise<boolean> {
    try {
      this.#apply(await this.#transport.poll())
      return true
    } catch {
      return false
    }
  }

  #apply(state: DownlinkState): void {
    for (const cancel of state.cancels) this.#onMessage(cancel)
    this.#onMessage({ type: 'ack', seq: state.ackedSeq })
  }

  #onMessage(message: DownlinkMessage): void {
    if (message.type === 'ack') this.#acknowledge(message.seq)
    else this.#cancel(message)
  }

  #acknowledge(seq: number): void {
    if (!this.#outbox.acknowledge(seq)) return
    if (this.#outbox.oldest) this.#resend.progressed(Date.now())
    else this.#resend.idle()
    const done = this.#ackWaiters.filter((waiter) => waiter.seq <= seq)
    this.#ackWaiters = this.#ackWaiters.filter((waiter) => waiter.seq > seq)
    for (const { resolve } of done) resolve()
    this.wake()
  }

  #cancel(cancel: Cancel): void {
    const key = attemptKey(cancel)
    if (this.#cancels.get(key)?.kind === cancel.kind) return
    this.#cancels.set(key, cancel)
    this.#cancelListeners.get(key)?.(cancel)
  }
}
