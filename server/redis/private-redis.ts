import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Logger } from 'pino'
import { makePrivateDirectory } from '../../protocol/data-dir.js'
import { redisFailed } from '../errors.js'
import { pingSocket } from './ping.js'
import { waitForPredecessor } from './predecessor.js'
import { spawnRedis } from './redis-process.js'
import type { RedisProcess } from './redis-process.js'
import { privateSocketPath } from './socket-path.js'

/** A `redis-server` of our own. */
export interface PrivateRedis {
  /** Path of its unix socket. */
  readonly path: string
  /** Process id of the one that runs now. */
  pid(): number | undefined
  /** Stops it; its data stays. */
  close(): Promise<void>
}

export interface PrivateRedisOptions {
  /** Only one caller may work with it: hold the data directory's lock. */
  readonly dataDir: string
  /** Where the socket goes when its path in `dataDir` would be too long. Default the temp directory. */
  readonly runtimeDir?: string
  readonly logger: Logger
}

const POLL_MS = 10
/** From its start to its first answer; while it loads its file it answers that it does. */
const SILENT_START_MAX_MS = 15_000
const RESTART_PAUSE_MIN_MS = 50
const RESTART_PAUSE_MAX_MS = 5_000
/** One that lived this long did not die of a bad start: the next one comes at once. */
const GOOD_LIFE_MS = 10_000

/**
 * Starts a private Redis with an append-only file in `DATA/redis` and waits until it answers. When it
 * dies it is started again; when this process dies, however it dies, it gets a SIGTERM.
 * @throws SandpiperError SP_REDIS_MISSING, SP_REDIS_FAILED
 */
export async function startPrivateRedis(options: PrivateRedisOptions): Promise<PrivateRedis> {
  const directory = join(options.dataDir, 'redis')
  await makePrivateDirectory(directory)
  const path = await privateSocketPath(directory, options.runtimeDir ?? tmpdir())
  await waitForPredecessor(directory)
  const keeper = new Keeper(() => spawnRedis({ directory, path, logger: options.logger }), options)
  await keeper.start(path)
  return { path, pid: () => keeper.pid, close: () => keeper.close() }
}

/** Keeps one process running. */
class Keeper {
  readonly #spawn: () => RedisProcess
  readonly #logger: Logger
  readonly #closing = new AbortController()
  #process: RedisProcess | undefined
  #loop: Promise<void> = Promise.resolve()

  constructor(spawn: () => RedisProcess, options: { readonly logger: Logger }) {
    this.#spawn = spawn
    this.#logger = options.logger
  }

  get pid(): number | undefined {
    return this.#process?.pid
  }

  async start(path: string): Promise<void> {
    this.#process = this.#spawn()
    try {
      await waitForAnswer(path, this.#process)
    } catch (error) {
      await this.#process.stop()
      throw error
    }
    this.#loop = this.#keep(this.#process)
  }

  async close(): Promise<void> {
    this.#closing.abort()
    await this.#process?.stop()
    await this.#loop
  }

  #isClosing(): boolean {
    return this.#closing.signal.aborted
  }

  async #keep(first: RedisProcess): Promise<void> {
    let pauseMs = RESTART_PAUSE_MIN_MS
    let current = first
    for (;;) {
      const start = Date.now()
      const end = await current.ended
      if (this.#isClosing()) return
      pauseMs = Date.now() - start > GOOD_LIFE_MS ? RESTART_PAUSE_MIN_MS : pauseMs
      this.#logger.error({ end: end.how, output: end.output }, 'Redis ended; starting it again')
      await sleep(pauseMs, undefined, { signal: this.#closing.signal }).catch(() => undefined)
      if (this.#isClosing()) return
      pauseMs = Math.min(pauseMs * 2, RESTART_PAUSE_MAX_MS)
      current = this.#process = this.#spawn()
    }
  }
}

async function waitForAnswer(path: string, redis: RedisProcess): Promise<void> {
  const start = Date.now()
  let end: Awaited<RedisProcess['ended']> | undefined
  void redis.ended.then((value) => (end = value))
  let loading = false
  for (;;) {
    const state = await pingSocket(path)
    if (end) throw end.error ?? redisFailed(`it ended, ${end.how}: ${end.output}`)
    if (state === 'ready') return
    loading ||= state === 'loading'
    if (!loading && Date.now() - start > SILENT_START_MAX_MS)
      throw redisFailed('it does not answer')
    await sleep(POLL_MS)
  }
}
