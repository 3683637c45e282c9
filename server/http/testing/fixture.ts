import { mkdtemp, rm } from 'node:fs/promises'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { FastifyInstance } from 'fastify'
import { pino } from 'pino'
import { encodeLogRecord } from '../../../protocol/log-record.js'
import type { Status } from '../../../protocol/status.js'
import { FileLogStore } from '../../logs/file-log-store.js'
import type { LogRef } from '../../logs/log-store.js'
import { LogWatcher } from '../../logs/log-watcher.js'
import { openSecretBox } from '../../secrets/box.js'
import type { HealthCheck, ServerServices } from '../../services.js'
import { openDatabase } from '../../store/database.js'
import type { Db } from '../../store/database.js'
import { insertStage, updateStage } from '../../store/stages.js'
import { insertSteps, resetSteps, updateStep } from '../../store/steps.js'
import { createHttpApp } from '../app.js'
import type { HttpAppOptions } from '../app.js'
import { storeBuilds, storeRepos } from './store-services.js'

export const ADMIN_TOKEN = 'an-admin-token-of-the-tests'
export const BODY_BYTES_MAX = 4 * 1024 * 1024
export const AUTHORIZED = { authorization: `Bearer ${ADMIN_TOKEN}` }

/** The HTTP side over a real database, log archive and key in a directory of its own. */
export class HttpFixture {
  readonly app: FastifyInstance
  readonly services: ServerServices
  readonly db: Db
  readonly watcher: LogWatcher
  /** What was logged, one JSON text a line. */
  readonly logged: readonly string[]
  readonly #logs: FileLogStore
  readonly #directory: string

  private constructor(parts: {
    app: FastifyInstance
    services: ServerServices
    db: Db
    watcher: LogWatcher
    logged: readonly string[]
    logs: FileLogStore
    directory: string
  }) {
    this.app = parts.app
    this.services = parts.services
    this.db = parts.db
    this.watcher = parts.watcher
    this.logged = parts.logged
    this.#logs = parts.logs
    this.#directory = parts.directory
  }

  static async open(
    options: Partial<HttpAppOptions> & { health?: readonly HealthCheck[] } = {},
  ): Promise<HttpFixture> {
    const directory = await mkdtemp(join(tmpdir(), 'sandpiper-http-'))
    const db = await openDatabase(join(directory, 'db'))
    const logs = new FileLogStore(join(directory, 'logs'))
    const watcher = new LogWatcher()
    const box = await openSecretBox(join(directory, 'key'))
    const services: ServerServices = {
      repos: storeRepos(db, box),
      builds: storeBuilds(db),
      logs: { store: logs, watch: (ref, listener) => watcher.watch(ref, listener) },
      health: () => Promise.resolve(options.health ?? []),
    }
    const logged: string[] = []
    const app = await createHttpApp({
      services,
      adminToken: ADMIN_TOKEN,
      publicUrl: 'https://ci.example.org/',
      bodyBytesMax: BODY_BYTES_MAX,
      version: '0.0.0-test',
      logger: pino({ level: 'debug' }, { write: (line: string) => logged.push(line) }),
      ...options,
    })
    return new HttpFixture({ app, services, db, watcher, logged, logs, directory })
  }

  /** Listens on a free port and returns the address. */
  async listen(): Promise<string> {
    await this.app.listen({ host: '127.0.0.1', port: 0 })
    const { port } = this.app.server.address() as AddressInfo
    return `http://127.0.0.1:${port}`
  }

  async close(): Promise<void> {
    await this.app.close()
    await this.#logs.close()
    await this.db.destroy()
    await rm(this.#directory, { recursive: true })
  }

  async addRepo(owner: string, name: string, hookSecret: string): Promise<void> {
    const cloneUrl = `https://git.example.org/${owner}/${name}.git`
    await this.services.repos.add({ owner, name, cloneUrl, hookSecret })
  }

  /** Makes a build of the repo with one running stage of one running step; returns the step's log. */
  async runningStep(owner: string, name: string): Promise<LogRef> {
    const repo = await this.services.repos.find(owner, name)
    if (repo === null) throw new Error('no such repo')
    const { build } = await this.services.builds.accept(repo, delivery(), EVENT, '')
    if (build === null) throw new Error('no build')
    const stage = await insertStage(this.db, {
      ...STAGE,
      build_id: build.id,
      repo_id: repo.id,
    })
    await insertSteps(this.db, [{ ...STEP, stage_id: stage.id }])
    return { stageId: stage.id, attempt: 1, step: 1 }
  }

  /** Adds lines to a log and tells its readers. */
  async print(ref: LogRef, ...lines: string[]): Promise<void> {
    const offset = await this.#logs.size(ref)
    const first = await this.#lineCount(ref)
    const records = lines.map((out, index) => encodeLogRecord({ pos: first + index, out, time: 7 }))
    await this.#logs.append(ref, offset, Buffer.from(records.join('')))
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

  async #lineCount(ref: LogRef): Promise<number> {
    let count = 0
    for await (const chunk of this.#logs.read(ref, 0, await this.#logs.size(ref))) {
      count += chunk.filter((byte) => byte === 0x0a).length
    }
    return count
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
  usage_json: '{"cpuMs":12,"memoryPeakBytes":34,"wallMs":56}',
  log_bytes: 78,
  log_lines: 9,
  log_sha256: '',
} as const
