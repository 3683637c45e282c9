import { createHash, randomUUID } from 'node:crypto'
import type { Logger } from 'pino'
import { messageOf, SandpiperError } from '../../protocol/errors.js'
import type { Clock } from '../clock.js'
import { ForgeError } from '../forges/errors.js'
import type { Forge, ForgeKind, Forges } from '../forges/types.js'
import { KeyedLock } from '../keyed-lock.js'
import { Rounds } from '../rounds.js'
import type { SecretBox } from '../secrets/box.js'
import type { Db } from '../store/database.js'
import type { StatusClaim } from '../store/statuses.js'
import { claimStatuses, refuseStatuses, statusFailed, statusSent } from '../store/statuses.js'
import { backoffMs } from './backoff.js'
import {
  CLAIM_MS,
  CONCURRENCY,
  ERROR_LENGTH_MAX,
  GAP_MS,
  GIVE_UP_MS,
  POLL_MS,
  SEND_MS,
} from './limits.js'
import { readStatus } from './read-status.js'
import { tokenFor, type TokenOf } from '../forges/token.js'

export interface StatusSenderOptions {
  readonly db: Db
  readonly forges: Forges
  readonly secrets: SecretBox
  readonly tokenOf: TokenOf
  readonly clock: Clock
  readonly publicUrl: () => string
  /** What stands before all contexts. */
  readonly prefix: string
  readonly logger: Logger
  /** Times that tests shorten, in milliseconds, as `limits.ts` has them. */
  readonly timing?: Partial<SenderTiming>
}

export interface SenderTiming {
  readonly pollMs: number
  readonly claimMs: number
  readonly sendMs: number
  readonly gapMs: number
  readonly giveUpMs: number
  /** From 0 to 1. */
  readonly random: () => number
}

const TIMING: SenderTiming = {
  pollMs: POLL_MS,
  claimMs: CLAIM_MS,
  sendMs: SEND_MS,
  gapMs: GAP_MS,
  giveUpMs: GIVE_UP_MS,
  random: Math.random,
}

/** How long a stop waits for what is on its way. */
const STOP_MS = 3_000

/**
 * Tells forges how builds stand. There is one in every server: what one has claimed no other sends. Forges are
 * apart: one that is slow holds up its own statuses only.
 */
export class StatusSender {
  readonly #options: StatusSenderOptions
  readonly #timing: SenderTiming
  readonly #underWay = new Map<ForgeKind, Set<Promise<void>>>()
  /** Until when a token's owner wants no requests, by a digest of the token. */
  readonly #pausedUntil = new Map<string, number>()
  readonly #lock = new KeyedLock()
  readonly #stopping = new AbortController()
  readonly #rounds: Rounds

  constructor(options: StatusSenderOptions) {
    this.#options = options
    this.#timing = { ...TIMING, ...options.timing }
    this.#rounds = new Rounds(() => this.round(), this.#timing.pollMs)
    for (const kind of options.forges.keys()) this.#underWay.set(kind, new Set())
  }

  start(): void {
    void this.#rounds.start()
  }

  /** Takes nothing more. What is on its way gets a moment; what it leaves is sent when its claim is over. */
  async stop(): Promise<void> {
    const abort = (): void => this.#stopping.abort(new Error('the server stops'))
    const timer = setTimeout(abort, STOP_MS)
    await this.#rounds.stop()
    await this.settled()
    clearTimeout(timer)
  }

  /** Claims what is due and begins to send it. */
  async round(): Promise<void> {
    const { forges, db, clock } = this.#options
    for (const forge of forges.values()) await this.#part(() => this.#take(forge))
    await this.#part(() =>
      refuseStatuses(db, {
        forges: [...forges.keys()],
        now: clock.now(),
        error: "this server's settings have no such forge",
      }),
    )
    this.#forgetPauses()
  }

  /** Waits for what is on its way. */
  async settled(): Promise<void> {
    for (const tasks of this.#underWay.values()) await Promise.all(tasks)
  }

  async #part(work: () => Promise<unknown>): Promise<void> {
    try {
      await work()
    } catch (error) {
      this.#options.logger.warn({ reason: messageOf(error) }, 'statuses')
    }
  }

  /** One after the other: each has to know what the one before took. */
  #take(forge: Forge): Promise<void> {
    return this.#lock.run(forge.settings.kind, () => this.#fill(forge))
  }

  /** Takes as many as there is room for; whenever one is done, there is room for one more. */
  async #fill(forge: Forge): Promise<void> {
    const { db, clock } = this.#options
    const { kind } = forge.settings
    const tasks = this.#underWay.get(kind)
    const limit = CONCURRENCY - (tasks?.size ?? 0)
    if (!tasks || limit <= 0 || this.#rounds.isStopped) return
    const now = clock.now()
    const { claimMs, gapMs } = this.#timing
    const claims = await claimStatuses(db, {
      ...{ forge: kind, limit, now, until: now + claimMs, gapMs },
      claim: randomUUID(),
    })
    for (const claim of claims) {
      const task = this.#part(() => this.#deliver(forge, claim, now + claimMs)).then(() => {
        tasks.delete(task)
        if (claims.length === limit) void this.#part(() => this.#take(forge))
      })
      tasks.add(task)
    }
  }

  async #deliver(forge: Forge, claim: StatusClaim, until: number): Promise<void> {
    const { db, clock, logger } = this.#options
    try {
      await this.#send(forge, claim, until)
    } catch (error) {
      if (this.#stopping.signal.aborted) return
      const failure = this.#failureOf(claim, error)
      await statusFailed(db, claim, { ...failure, counts: true, now: clock.now() })
      const { owner, name } = claim.repo
      const about = { repo: `${owner}/${name}`, forge: forge.settings.kind, reason: failure.error }
      if (failure.retryAt === null) logger.warn(about, 'a status was given up')
      else if (claim.failures === 0) logger.warn(about, 'a status could not be sent yet')
    }
  }

  async #send(forge: Forge, claim: StatusClaim, until: number): Promise<void> {
    const { db, clock, secrets, tokenOf, publicUrl, prefix } = this.#options
    const status = await readStatus(db, claim, { publicUrl: publicUrl(), prefix })
    if (status === null) return
    const { state, description, link } = status
    const { sent, repo } = claim
    const isKnown = sent.state === state && sent.description === description && sent.link === link
    if (!isKnown) {
      const token = await tokenFor(forge, repo, { secrets, tokenOf })
      if (token === null) throw noToken(forge)
      const signal = await this.#leave(claim, token, until)
      if (signal === null) return
      const ref = { slug: `${repo.owner}/${repo.name}`, remoteId: repo.remoteId }
      await forge.setStatus(token, ref, status, signal).catch((error: unknown) => {
        this.#notePause(token, error)
        throw error
      })
    }
    await statusSent(db, claim, { state, description, link }, clock.now())
  }

  /** Null when it may not be sent now: its claim would not outlast that, or the forge wants no requests. */
  async #leave(claim: StatusClaim, token: string, until: number): Promise<AbortSignal | null> {
    const { db, clock } = this.#options
    const { sendMs } = this.#timing
    const now = clock.now()
    const pausedUntil = this.#pausedUntil.get(digestOf(token)) ?? 0
    const isLate = now + sendMs >= until
    if (!isLate && pausedUntil <= now) {
      return AbortSignal.any([this.#stopping.signal, AbortSignal.timeout(sendMs)])
    }
    const error = isLate
      ? 'the server was too slow to send it'
      : 'the forge asks for fewer requests'
    const retryAt = Math.max(now, pausedUntil)
    await statusFailed(db, claim, { error, retryAt, counts: false, now })
    return null
  }

  #failureOf(
    { failures, failingSince }: StatusClaim,
    error: unknown,
  ): { readonly error: string; readonly retryAt: number | null } {
    const now = this.#options.clock.now()
    const { giveUpMs, random } = this.#timing
    const text = messageOf(error).slice(0, ERROR_LENGTH_MAX)
    const mayPass = error instanceof ForgeError && error.again
    const isRefused = error instanceof SandpiperError && !mayPass
    const isOver = failingSince > 0 && now - failingSince >= giveUpMs
    if (isRefused) return { error: text, retryAt: null }
    if (isOver) return { error: `${text} (given up)`, retryAt: null }
    const afterMs = error instanceof ForgeError ? error.afterMs : null
    return { error: text, retryAt: now + backoffMs(failures, afterMs, random()) }
  }

  #notePause(token: string, error: unknown): void {
    if (!(error instanceof ForgeError) || error.code !== 'SP_FORGE_RATE_LIMITED') return
    const until = this.#options.clock.now() + (error.afterMs ?? 0)
    this.#pausedUntil.set(digestOf(token), until)
  }

  #forgetPauses(): void {
    const now = this.#options.clock.now()
    for (const [key, until] of this.#pausedUntil) {
      if (until <= now) this.#pausedUntil.delete(key)
    }
  }
}

function noToken(forge: Forge): ForgeError {
  const { kind } = forge.settings
  return new ForgeError('SP_FORGE_NO_TOKEN', `there is no token for ${kind}`, {
    hint: `Give the repo one with --forge-token, or the server one with SANDPIPER_${kind.toUpperCase().replaceAll('-', '_')}_TOKEN.`,
  })
}

function digestOf(token: string): string {
  return createHash('sha256').update(token).digest('hex')
}
