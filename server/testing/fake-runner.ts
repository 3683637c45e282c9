import { createHash, randomUUID } from 'node:crypto'
import { Worker } from 'bullmq'
import { Redis } from 'ioredis'
import type { Cancel, DownlinkMessage } from '../../protocol/downlink.js'
import { attemptKey } from '../../protocol/downlink.js'
import type { StageJob } from '../../protocol/job.js'
import type { RedisKeys } from '../../protocol/keys.js'
import { redisKeys, stageQueue } from '../../protocol/keys.js'
import { encodeLogRecord } from '../../protocol/log-record.js'
import type { AttemptRef, LogSummary, RunnerOffer, UplinkMessage } from '../../protocol/uplink.js'
import { encodeUplinkEntry } from '../../protocol/uplink.js'
import type { Status } from '../../protocol/status.js'
import { until } from './until.js'

const TICK_MS = 100

export interface FakeRunnerOptions {
  readonly prefix?: string
  readonly session?: string
  readonly heartbeatMs?: number
  /** Labels of the stages that it takes. */
  readonly labels?: Readonly<Record<string, string>>
  /** Announced with every heartbeat, and how many it takes at once; 0, the default: as an older runner, not. */
  readonly capacity?: number
}

/**
 * The runner's side of the protocol without anything that runs: one session that claims stages, tells
 * what a test wants told, and sends again what is not acknowledged.
 */
export class FakeRunner {
  readonly session: string
  readonly keys: RedisKeys
  readonly redis: Redis
  readonly #listener: Redis
  readonly #unacked = new Map<number, UplinkMessage>()
  readonly #cancels = new Map<string, Cancel>()
  readonly #timers: NodeJS.Timeout[]
  readonly held = new Map<string, AttemptRef>()
  readonly #labels: Readonly<Record<string, string>>
  readonly #capacity: number
  #worker: Worker<StageJob> | undefined
  #seq = 0
  #acked = 0
  #dead = false

  constructor(
    readonly redisUrl: string,
    options: FakeRunnerOptions = {},
  ) {
    this.session = options.session ?? randomUUID()
    this.#labels = options.labels ?? {}
    this.#capacity = options.capacity ?? 0
    this.keys = redisKeys(options.prefix ?? 'sandpiper')
    this.redis = new Redis(redisUrl, { maxRetriesPerRequest: null })
    this.#listener = new Redis(redisUrl, { maxRetriesPerRequest: null })
    for (const redis of [this.redis, this.#listener]) redis.on('error', () => undefined)
    this.#listener.on('message', (_channel, text: string) =>
      this.#receive(JSON.parse(text) as DownlinkMessage),
    )
    void this.#listener.subscribe(this.keys.downlink(this.session))
    this.#timers = [
      setInterval(() => void this.#tick(), TICK_MS),
      setInterval(() => this.#heartbeat(), options.heartbeatMs ?? TICK_MS),
    ]
  }

  /** Puts a message on the stream and gives its number. */
  send(message: UplinkMessage): number {
    this.#unacked.set(++this.#seq, message)
    this.#add(this.#seq, message)
    return this.#seq
  }

  get acked(): number {
    return this.#acked
  }

  /** Waits until everything that was sent is acknowledged. */
  async acknowledged(seq = this.#seq): Promise<void> {
    await until(() => this.#dead || this.#acked >= seq)
    if (this.#dead) throw new Error('this runner is dead')
  }

  /** Asks for the attempt; false when it is refused. */
  async claim(ref: AttemptRef): Promise<boolean> {
    const { stageId, attempt } = ref
    this.send({ type: 'stage.started', stageId, attempt, machine: 'm', at: Date.now() })
    await this.acknowledged()
    await this.#poll()
    if (this.cancelOf(ref)?.kind === 'stale') return false
    this.held.set(attemptKey(ref), { stageId, attempt })
    return true
  }

  /** What the server told about the attempt. */
  cancelOf(ref: AttemptRef): Cancel | undefined {
    return this.#cancels.get(attemptKey(ref))
  }

  /** Tells a step's start, its log and its end. */
  step(ref: AttemptRef, step: number, lines: readonly string[], end: StepEnd = {}): void {
    const { stageId, attempt } = ref
    this.send({ type: 'step.started', stageId, attempt, step, at: Date.now() })
    const data = logOf(lines)
    if (data !== '') this.send({ type: 'log', stageId, attempt, step, offset: 0, data })
    this.finishStep(ref, step, summaryOf(data, lines.length), end)
  }

  finishStep(ref: AttemptRef, step: number, log: LogSummary, end: StepEnd = {}): void {
    const { stageId, attempt } = ref
    const { status = 'success', exitCode = 0, error = '' } = end
    const usage = { cpuMs: 1, memoryPeakBytes: 2, wallMs: 3 }
    const at = Date.now()
    const message = { stageId, attempt, step, status, exitCode, error, usage, log, at }
    this.send({ type: 'step.finished', ...message })
  }

  /** Tells the stage's end and stops renewing its lease. */
  finish(ref: AttemptRef, status: Status = 'success', error = ''): void {
    const { stageId, attempt } = ref
    this.held.delete(attemptKey(ref))
    this.send({ type: 'stage.finished', stageId, attempt, status, error, at: Date.now() })
  }

  /** Takes stages; each is run by `run`, by default to its success. */
  work(
    run: (job: StageJob, runner: FakeRunner) => Promise<void> = (job) => this.succeed(job),
  ): void {
    const connection = new Redis(this.redisUrl, { maxRetriesPerRequest: null })
    connection.on('error', () => undefined)
    this.#worker = new Worker<StageJob>(
      stageQueue({ os: 'linux', arch: 'amd64' }, this.#labels),
      (job) => run(job.data, this),
      {
        connection,
        prefix: this.keys.bullPrefix,
        concurrency: this.#capacity || 10,
        maxStalledCount: 0,
      },
    )
    this.#worker.on('error', () => undefined)
    this.#worker.on('closed', () => connection.disconnect())
  }

  async succeed(job: StageJob): Promise<void> {
    if (!(await this.claim(job))) return
    for (const { number } of job.steps) this.step(job, number, [`step ${number}\n`])
    this.finish(job)
    await this.acknowledged()
  }

  /** Ends as if it had been killed: nothing more is sent. */
  async die(): Promise<void> {
    this.#dead = true
    for (const timer of this.#timers) clearInterval(timer)
    await this.#worker?.close(true)
    this.redis.disconnect()
    this.#listener.disconnect()
  }

  #heartbeat(): void {
    const waiting = [...this.#unacked.values()].some((message) => message.type === 'heartbeat')
    if (waiting || (this.held.size === 0 && this.#capacity === 0)) return
    const runner = this.#capacity === 0 ? {} : { runner: this.#offer() }
    this.send({ type: 'heartbeat', machine: 'm', stages: [...this.held.values()], ...runner })
  }

  #offer(): RunnerOffer {
    const platform = { os: 'linux', arch: 'amd64' }
    const labels = this.#labels
    const queue = stageQueue(platform, labels)
    const { size: running } = this.held
    return { ...platform, labels, queue, capacity: this.#capacity, running, release: '1.2.3' }
  }

  #add(seq: number, message: UplinkMessage): void {
    const fields = encodeUplinkEntry({ session: this.session, seq, message })
    this.redis.xadd(this.keys.uplinkOf(this.session), '*', ...fields).catch(() => undefined)
  }

  async #tick(): Promise<void> {
    const before = this.#acked
    if (this.redis.status !== 'ready' || !(await this.#poll())) return
    const length = await this.redis.xlen(this.keys.uplinkOf(this.session)).catch(() => 1)
    // Nobody has them and they are not acknowledged: they are lost.
    if (length > 0 || this.#acked !== before) return
    for (const [seq, message] of this.#unacked) this.#add(seq, message)
  }

  async #poll(): Promise<boolean> {
    try {
      const acked = await this.redis.hget(this.keys.acks, this.session)
      const cancels = await this.redis.hgetall(this.keys.cancels(this.session))
      for (const text of Object.values(cancels)) this.#receive(JSON.parse(text) as Cancel)
      this.#receive({ type: 'ack', seq: Number(acked ?? 0) })
      return true
    } catch {
      return false
    }
  }

  #receive(message: DownlinkMessage): void {
    if (message.type === 'cancel') {
      this.#cancels.set(attemptKey(message), message)
      this.held.delete(message.kind === 'stale' ? attemptKey(message) : '')
      return
    }
    this.#acked = Math.max(this.#acked, message.seq)
    for (const seq of this.#unacked.keys()) if (seq <= message.seq) this.#unacked.delete(seq)
  }
}

export interface StepEnd {
  readonly status?: Status
  readonly exitCode?: number
  readonly error?: string
}

/** Lines as a log's NDJSON. */
export function logOf(lines: readonly string[], firstPos = 0): string {
  return lines.map((out, i) => encodeLogRecord({ pos: firstPos + i, out, time: i })).join('')
}

export function summaryOf(data: string, lines: number): LogSummary {
  const sha256 = createHash('sha256').update(data).digest('hex')
  return { bytes: Buffer.byteLength(data), lines, sha256 }
}
