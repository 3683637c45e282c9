import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import os from 'node:os'
import path from 'node:path'
import { Redis } from 'ioredis'

/** A real Redis on a unix socket in a temporary directory, for tests. */
export class TestRedis {
  readonly #directory: string
  #process: ChildProcess | null = null

  private constructor(directory: string) {
    this.#directory = directory
  }

  static async start(): Promise<TestRedis> {
    const redis = new TestRedis(await mkdtemp(path.join(os.tmpdir(), 'sandpiper-redis-')))
    await redis.up()
    return redis
  }

  /** Path of the socket, which ioredis takes as a URL. */
  get url(): string {
    return path.join(this.#directory, 'redis.sock')
  }

  /** Starts the process (again), with the data it had. */
  async up(): Promise<void> {
    const args = ['--port', '0', '--unixsocket', this.url, '--dir', this.#directory]
    const append = ['--appendonly', 'yes', '--save', '']
    this.#process = spawn('redis-server', [...args, ...append], { stdio: 'ignore' })
    const client = new Redis(this.url, { maxRetriesPerRequest: null, retryStrategy: () => 20 })
    client.on('error', () => undefined)
    await client.ping()
    client.disconnect()
  }

  /** Kills the process. */
  async down(): Promise<void> {
    const child = this.#process
    this.#process = null
    if (!child) return
    const ended = once(child, 'exit')
    child.kill('SIGKILL')
    await ended
  }

  async remove(): Promise<void> {
    await this.down()
    await rm(this.#directory, { recursive: true, force: true })
  }
}
