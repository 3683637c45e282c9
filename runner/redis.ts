import { Redis } from 'ioredis'

/** A command that Redis has not answered after this long makes the connection a dead one. */
const COMMAND_TIMEOUT_MS = 10_000
const RECONNECT_DELAY_MS_MAX = 1000

/**
 * A connection whose commands fail at once while Redis is away: the caller keeps what it wants to say.
 * `url` is `redis://`, `rediss://` or the path of a unix socket.
 */
export function connectFailingFast(url: string): Redis {
  const redis = new Redis(url, {
    enableOfflineQueue: false,
    maxRetriesPerRequest: 0,
    autoResendUnfulfilledCommands: false,
    commandTimeout: COMMAND_TIMEOUT_MS,
    retryStrategy,
  })
  return redis
}

/** A connection that waits for Redis, as BullMQ workers and subscribers need it. */
export function connectWaiting(url: string): Redis {
  return new Redis(url, { maxRetriesPerRequest: null, retryStrategy })
}

function retryStrategy(times: number): number {
  return Math.min(times * 50, RECONNECT_DELAY_MS_MAX)
}
