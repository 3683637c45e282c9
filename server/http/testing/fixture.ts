import type { AddressInfo } from 'node:net'
import { setTimeout } from 'node:timers/promises'
import type { FastifyInstance } from 'fastify'
import { pino } from 'pino'
import { encodeLogRecord } from '../../../protocol/log-record.js'
import type { Status } from '../../../protocol/status.js'
import { createBuild } from '../../builds/create-build.js'
import type { Closers } from '../../closers.js'
import type { LogRef } from '../../logs/log-store.js'
import type { LogWatcher } from '../../logs/log-watcher.js'
import type { HealthCheck, ServerServices } from '../../services.js'
import type { Db } from '../../store/database.js'
import { insertStage, updateStage } from '../../store/stages.js'
import { insertSteps, resetSteps, updateStep } from '../../store/steps.js'
import { createHttpApp } from '../app.js'
import type { HttpAppOptions } from '../app.js'
import { checkedAnswers } from './checked-serializer.js'
import type { CheckedAnswers } from './checked-serializer.js'
import { composeServices } from './compose-services.js'
import type { Composed, ComposedWith } from './compose-services.js'

export const ADMIN_TOKEN = 'an-admin-token-of-the-tests'
export const BODY_BYTES_MAX = 4 * 1024 * 1024
export const AUTHORIZED = { authorization: `Bearer ${ADMIN_TOKEN}` }

/**
 * The HTTP side over everything real: database, log archive, key, mirrors, and a Redis whose queues nobody
 * takes from, so that builds stay as the test puts them.
 */
export class HttpFixture {
  readonly app: FastifyInstance
  readonly services: ServerServices
  readonly db: Db
  readonly watcher: LogWatcher
  /** What was logged, one JSON text a line. */
  readonly logged: readonly string[]
  readonly #closers: Closers
  readonly #answers: CheckedAnswers
  readonly #lineCounts = new Map<string, number>()

  private constructor(
    parts: Composed,
    app: FastifyInstance,
    logged: readonly string[],
    answers: CheckedAnswers,
  ) {
    this.app = app
    this.services = parts.services
    this.db = parts.db
    this.watcher = parts.watcher
    this.logged = logged
    this.#closers = parts.closers
    this.#answers = answers
  }

  static async open(
    options: Partial<HttpAppOptions> & ComposedWith & { health?: readonly HealthCheck[] } = {},
  ): Promise<HttpFixture> {
    const logged: string[] = []
    const logger = pino({ level: 'debug' }, { write: (line: string) => logged.push(line) })
    const parts = await composeServices(logger, options.health ?? [], options)
    const answers = checkedAnswers()
    const app = await createHttpApp({
      services: parts.services,
      adminToken: ADMIN_TOKEN,
      publicUrl: 'https://ci.example.org/',
      bodyBytesMax: BODY_BYTES_MAX,
      version: '0.0.0-test',
      logger,
      serializer: answers.compiler,
      ...options,
    })
    parts.closers.add('http', app, (it) => it.close())
    return new HttpFixture(parts, app, logged, answers)
  }

  /** Fails when an answer was not as its route's schema says. */
  async close(): Promise<void> {
    await this.#closers.close()
    const [first] = this.#answers.differences
    if (first !== undefined) throw new Error(`An answer is not as its schema says: ${first}`)
  }

  /** Listens on a free port and returns the address. */
  async listen(): Promise<string> {
    await this.app.listen({ host: '127.0.0.1', port: 0 })
    const { port } = this.app.server.address() as AddressInfo
    return `http://127.0.0.1:${port}`
  }

  async addRepo(owner: string, name: string, hookSecret: string): Promise<void> {
    const cloneUrl = `https://git.example.org/${owner}/${name}.git`
    await this.services.repos.add({ owner, name, cloneUrl, hookSecret })
  }

  /** Makes a build of the repo with one running stage of one running step; returns the step's log. */
  async runningStep(owner: string, name: string): Promise<LogRef> {
    const repo = await this.services.repos.find(owner, name)
    if (repo === null) throw new Error('no such repo')
    const { build } = await this.services.builds.accept(repo, delivery(), [EVENT], '')
    if (build === null) throw new Error('no build')
    const stage = await insertStage(this.db, {
      ...STAGE,
      build_id: build.id,
      repo_id: repo.id,
    })
    await insertSteps(this.db, [{ ...STEP, stage_id: stage.id }])
    return { stageId: stage.id, attempt: 1, step: 1 }
  }

  /** Makes builds of the repo without stages, all at once. */
  async manyBuilds(owner: string, name: string, count: number): Promise<void> {
    const repo = await this.services.repos.find(owner, name)
    if (repo === null) throw new Error('no such repo')
    await this.db.transaction().execute(async (tx) => {
      for (let i = 0; i < count; i += 1) {
        await createBuild(tx, { repoId: repo.id, event: EVENT, parent: null, now: Date.now() })
      }
    })
  }

  /** Adds lines to a log and tells its readers. */
  async print(ref: LogRef, ...lines: string[]): Promise<void> {
    const { store } = this.services.logs
    const offset = await store.size(ref)
    const first = this.#lineCounts.get(JSON.stringify(ref)) ?? 0
    this.#lineCounts.set(JSON.stringify(ref), first + lines.length)
    const records = lines.map((out, index) => encodeLogRecord({ pos: first + index, out, time: 7 }))
    await store.append(ref, offset, Buffer.from(records.join('')))
    this.watcher.notify(ref)
  }

  async endStep(ref: LogRef, status: Status, exitCode: number): Promise<void> {
    const change = { status, exit_code: exitCode, stopped: Date.now() }
    await updateStep(this.db, ref.stageId, ref.step, change)
    this.watcher.notify(ref)
  }

  /** Gives the stage to another runner, as when a lease ends. */
  async nextAttempt(ref: LogRef): Promise<LogRef> {
    const attempt = ref.attempt + 1
    await updateStage(this.db, ref.stageId, { attempt, status: 'pending', updated: Date.now() })
    await resetSteps(this.db, ref.stageId)
    this.watcher.notify(ref)
    return { ...ref, attempt }
  }

  /** Waits until something holds. */
  async until(holds: () => boolean): Promise<void> {
    while (!holds()) await setTimeout(5)
  }

  /** Waits until a number has not changed for a while. */
  async untilSteady(read: () => number): Promise<void> {
    for (let last = -1, same = 0; same < 20;) {
      const now = read()
      same = now === last ? same + 1 : 0
      last = now
      await setTimeout(10)
    }
  }
}

let deliveries = 0

function delivery() {
  deliveries += 1
  const deliveryId = `fixture-${deliveries}`
  return { forge: 'git', deliveryId, bodySha256: deliveryId, event: 'push' }
}

const EVENT = {
  event: 'push',
  action: '',
  ref: 'refs/heads/main',
  branch: 'main',
  sourceBranch: 'main',
  sourceRepo: '',
  after: 'a'.repeat(40),
  before: '0'.repeat(40),
  message: 'Change things',
  title: '',
  link: '',
  author: { login: 'ada', name: 'Ada', email: 'ada@example.org', avatar: '' },
  sender: 'ada',
  cron: '',
  deployTo: '',
  params: {},
} as const

const STAGE = {
  number: 1,
  name: 'default',
  kind: 'pipeline',
  type: 'exec',
  os: 'linux',
  arch: 'amd64',
  status: 'running',
  error: '',
  exit_code: 0,
  attempt: 1,
  session: 's',
  machine: 'm',
  lease_until: 0,
  cancel_requested: 0,
  depends_on_json: '["other"]',
  on_success: 1,
  on_failure: 0,
  plan_json: '{}',
  created: 1_795_000_000_100,
  queued: 1_795_000_000_200,
  started: 1_795_000_001_300,
  stopped: 0,
  updated: 1_795_000_001_300,
} as const

const STEP = {
  number: 1,
  name: 'test',
  image: 'busybox',
  status: 'running',
  error: '',
  errignore: 1,
  exit_code: 0,
  detached: 0,
  depends_on_json: '["clone"]',
  started: 1_795_000_001_400,
  stopped: 0,
  usage_json: '{"cpuMs":12,"memoryPeakBytes":34,"wallMs":56,"ioWriteBytes":78}',
  log_bytes: 78,
  log_lines: 9,
  log_sha256: '',
} as const
