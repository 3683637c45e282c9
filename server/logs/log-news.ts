import { randomUUID } from 'node:crypto'
import type { Redis } from 'ioredis'
import type { LogRef } from './log-store.js'
import type { LogWatcher } from './log-watcher.js'

export interface LogNewsOptions {
  readonly watcher: LogWatcher
  /** Fails fast. Both stay the caller's to close. */
  readonly redis: Redis
  /** A connection of its own: it listens. */
  readonly listener: Redis
  readonly channel: string
}

interface News {
  readonly from: string
  readonly refs: readonly (readonly [stageId: number, attempt: number, step: number])[]
}

/** News are sent together that come within so many milliseconds. */
const TOGETHER_MS = 20
/** Logs named in one message. */
const REFS_MAX = 1_000

/**
 * Tells those who follow a log through another server that it has grown. What is lost while Redis is away costs them
 * a moment: they look again by themselves.
 */
export class LogNews {
  readonly #options: LogNewsOptions
  readonly #server = randomUUID()
  readonly #waiting = new Map<string, LogRef>()
  #timer: NodeJS.Timeout | undefined

  constructor(options: LogNewsOptions) {
    this.#options = options
  }

  /** Begins to listen. */
  start(): void {
    const { listener, channel } = this.#options
    listener.on('message', (_channel: string, text: string) => this.#receive(text))
    // Before it is ready, ioredis still has something to ask that a connection that listens may not be asked: it would
    // count as lost. It subscribes again by itself after every reconnect.
    const subscribe = (): void => void listener.subscribe(channel).catch(() => undefined)
    if (listener.status === 'ready') subscribe()
    else listener.once('ready', subscribe)
  }

  stop(): void {
    clearTimeout(this.#timer)
    this.#timer = undefined
  }

  /** Tells followers here at once, and those elsewhere in a moment. */
  notify(ref: LogRef): void {
    this.#options.watcher.notify(ref)
    const { stageId, attempt, step } = ref
    if (this.#waiting.size >= REFS_MAX) return
    this.#waiting.set(`${stageId}.${attempt}.${step}`, ref)
    this.#timer ??= setTimeout(() => this.#send(), TOGETHER_MS)
  }

  #send(): void {
    this.#timer = undefined
    const refs = [...this.#waiting.values()].map(({ stageId, attempt, step }) => [
      stageId,
      attempt,
      step,
    ])
    this.#waiting.clear()
    const { redis, channel } = this.#options
    redis.publish(channel, JSON.stringify({ from: this.#server, refs })).catch(() => undefined)
  }

  /** Our own come back too. */
  #receive(text: string): void {
    const { from, refs } = JSON.parse(text) as News
    if (from === this.#server) return
    for (const [stageId, attempt, step] of refs) {
      this.#options.watcher.notify({ stageId, attempt, step })
    }
  }
}
