import { Redis } from 'ioredis'
import type { RedisOptions } from 'ioredis'
import type { Logger } from 'pino'
import { messageOf } from '../../protocol/errors.js'

/** Makes connections to one Redis. */
export interface RedisConnections {
  /**
   * For workers and readers that block: waits out an outage, and never gives up a command.
   * BullMQ demands `maxRetriesPerRequest: null` of its workers.
   */
  waiting(): Redis
  /** For requests and producers: fails at once while Redis is away. */
  failingFast(): Redis
  /** Where it is: a URL or the path of a unix socket. */
  readonly address: string
}

/** Longest pause between two tries to connect, in milliseconds. */
const RETRY_MAX_MS = 2_000
/** How long a request may take before Redis counts as away, in milliseconds. */
const COMMAND_TIMEOUT_MS = 5_000

/** Connections to a Redis given by URL (`redis://`, `rediss://`) or by the path of its unix socket. */
export function redisConnections(address: string, logger: Logger): RedisConnections {
  const connect = (name: string, options: RedisOptions): Redis => {
    const redis = new Redis(address, { ...COMMON, ...options })
    logOutages(redis, logger.child({ connection: name }))
    return redis
  }
  return {
    address,
    waiting: () => connect('waiting', { maxRetriesPerRequest: null }),
    failingFast: () =>
      connect('requests', {
        maxRetriesPerRequest: 1,
        enableOfflineQueue: false,
        commandTimeout: COMMAND_TIMEOUT_MS,
      }),
  }
}

const COMMON: RedisOptions = {
  connectTimeout: 5_000,
  // A connection that is ended is not waited for longer.
  disconnectTimeout: 200,
  retryStrategy: (times) => Math.min(50 * times, RETRY_MAX_MS),
}

/** Resolves when the connection is usable, or when the time is over; says which. */
export async function waitUntilReady(redis: Redis, timeoutMs: number): Promise<boolean> {
  if (redis.status === 'ready') return true
  return new Promise((resolve) => {
    const timer = setTimeout(() => end(false), timeoutMs)
    const onReady = (): void => end(true)
    const end = (ready: boolean): void => {
      clearTimeout(timer)
      redis.off('ready', onReady)
      resolve(ready)
    }
    redis.once('ready', onReady)
  })
}

/** Ends a connection; waits for what is under way when Redis is there, and never throws. */
export async function closeConnection(redis: Redis): Promise<void> {
  if (redis.status === 'ready') await redis.quit().catch(() => undefined)
  redis.disconnect()
}

/** One line when Redis goes away and one when it is back, not one a try. */
function logOutages(redis: Redis, logger: Logger): void {
  let away = false
  redis.on('error', (error: unknown) => {
    if (!away) logger.warn({ reason: messageOf(error) }, 'Redis is away')
    away = true
  })
  redis.on('ready', () => {
    if (away) logger.info('Redis is back')
    away = false
  })
}
