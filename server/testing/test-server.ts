import { randomUUID } from 'node:crypto'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pino } from 'pino'
import type { BuildEvent } from '../../pipelines/event.js'
import type { RunningServer, ServerParts } from '../compose.js'
import { startServer } from '../compose.js'
import type { ServerConfig } from '../config.js'
import type { DatabaseAddress } from '../store/address.js'
import type { PrivateRedis } from '../redis/private-redis.js'
import { startPrivateRedis } from '../redis/private-redis.js'
import type { DeliveryResult } from '../deliveries/types.js'
import type { BuildDetail, Repo } from '../services.js'
import type { Db } from '../store/database.js'
import { openDatabase } from '../store/database.js'
import { FakeRunner } from './fake-runner.js'
import { GitRepo } from './git-repo.js'
import { TEST_STORE, TestDatabase } from './test-database.js'
import { until } from './until.js'

const logger = pino({ level: 'silent' })

/** Two stages, the second of which needs the first. */
export const PIPELINE = `
kind: pipeline
type: exec
name: first
steps:
  - name: hello
    commands: [echo hello]
---
kind: pipeline
type: exec
name: second
depends_on: [first]
steps:
  - name: world
    commands: [echo world]
`

/** One stage with one step. */
export const SIMPLE = `
kind: pipeline
type: exec
name: only
steps:
  - name: hello
    commands: [echo hello]
`

/** A server on a Redis that outlives it, a git repo that is added to it, and runners. */
export class TestServer {
  readonly directory: string
  readonly git: GitRepo
  readonly #runners: FakeRunner[] = []
  #redis: PrivateRedis | undefined
  #redisUrl = ''
  #server: RunningServer | undefined
  #database: TestDatabase | undefined
  #db: Db | undefined

  private constructor(directory: string, git: GitRepo) {
    this.directory = directory
    this.git = git
  }

  static async start(config: Partial<ServerConfig> = {}): Promise<TestServer> {
    const directory = await mkdtemp(join(tmpdir(), 'sandpiper-server-'))
    const git = await GitRepo.create(join(directory, 'git'))
    const test = new TestServer(directory, git)
    await test.startRedis()
    if (TEST_STORE === 'Postgres') test.#database = await TestDatabase.create()
    await test.startServer(config)
    return test
  }

  get server(): RunningServer {
    if (!this.#server) throw new Error('the server was not started')
    return this.#server
  }

  /** Address of its database, unless that is in the data directory. */
  get database(): DatabaseAddress | undefined {
    return this.#database?.address
  }

  /** Ends it and starts another, in its place. */
  async restart(config: Partial<ServerConfig>): Promise<void> {
    await this.#server?.close()
    await this.startServer(config)
  }

  get dataDir(): string {
    return join(this.directory, 'data')
  }

  /** The server's database, opened beside it. */
  async db(): Promise<Db> {
    const sqlite = { path: join(this.dataDir, 'sandpiper.db') }
    return (this.#db ??= await openDatabase(this.#database?.address ?? sqlite))
  }

  async startRedis(): Promise<void> {
    this.#redis = await startPrivateRedis({ dataDir: this.directory, logger })
    this.#redisUrl = this.#redis.path
  }

  async stopRedis(): Promise<void> {
    await this.#redis?.close()
  }

  async startServer(config: Partial<ServerConfig> = {}, parts: ServerParts = {}): Promise<void> {
    this.#server = await startServer(
      {
        dataDir: this.dataDir,
        listen: { host: '127.0.0.1', port: 0 },
        redis: { url: this.#redisUrl },
        reconcileIntervalMs: 50,
        leaseMs: 20_000,
        ingest: { attemptsMax: 3, backoffMs: 20 },
        ...(this.#database && { database: this.#database.address }),
        ...config,
      },
      { logger, ...parts },
    )
  }

  runner(
    options: NonNullable<ConstructorParameters<typeof FakeRunner>[1]> & { redisUrl?: string } = {},
  ): FakeRunner {
    const runner = new FakeRunner(options.redisUrl ?? this.#redisUrl, options)
    this.#runners.push(runner)
    return runner
  }

  async addRepo(name = 'n'): Promise<Repo> {
    const { repo } = await this.server.services.repos.add({
      owner: 'o',
      name,
      cloneUrl: this.git.path,
    })
    return repo
  }

  /** Delivers a push of the commit. */
  async push(repo: Repo, after: string, facts: Partial<BuildEvent> = {}): Promise<DeliveryResult> {
    const delivery = {
      forge: 'git',
      deliveryId: randomUUID(),
      bodySha256: randomUUID(),
      event: 'push',
    }
    return this.server.services.builds.accept(repo, delivery, [pushEvent(after, facts)], '')
  }

  /** Waits until the build is as `condition` wants it. */
  async build(
    repo: Repo,
    number: number,
    condition: (detail: BuildDetail) => boolean,
  ): Promise<BuildDetail> {
    return until(async () => {
      const detail = await this.server.services.builds.find(repo, number)
      return detail && condition(detail) ? detail : null
    })
  }

  /** Waits for the build's end. */
  async ended(repo: Repo, number: number): Promise<BuildDetail> {
    return this.build(repo, number, ({ build }) => build.finished > 0)
  }

  async logText(stageId: number, attempt: number, step: number): Promise<string> {
    const { store } = this.server.services.logs
    const chunks: Buffer[] = []
    const ref = { stageId, attempt, step }
    for await (const chunk of store.read(ref, 0, await store.size(ref))) chunks.push(chunk)
    return Buffer.concat(chunks).toString()
  }

  async stop(): Promise<void> {
    for (const runner of this.#runners) await runner.die()
    await this.#server?.close()
    await this.#redis?.close()
    await this.#db?.destroy()
    await this.#database?.remove()
    // A transport helper of git may outlive it for a moment.
    await rm(this.directory, { recursive: true, maxRetries: 20, retryDelay: 50 })
  }
}

/** A push of the commit to main, with what a test cares about replaced. */
export function pushEvent(after: string, facts: Partial<BuildEvent> = {}): BuildEvent {
  return {
    event: 'push',
    action: '',
    ref: 'refs/heads/main',
    branch: 'main',
    sourceBranch: 'main',
    sourceRepo: '',
    after,
    before: '',
    message: 'a commit',
    title: '',
    link: '',
    author: { login: 'a', name: 'A', email: 'a@example.org', avatar: '' },
    sender: 'a',
    cron: '',
    deployTo: '',
    params: {},
    ...facts,
  }
}
