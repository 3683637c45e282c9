import type { Redis } from 'ioredis'
import { IngestQueue } from '../ingest/ingest-queue.js'
import { LogNews } from '../logs/log-news.js'
import { LogWatcher } from '../logs/log-watcher.js'
import { closeConnection, redisConnections } from '../redis/connections.js'
import type { RedisConnections } from '../redis/connections.js'
import { startPrivateRedis } from '../redis/private-redis.js'
import { StageQueues } from '../scheduling/stage-queues.js'
import type { Base } from './base.js'

/** What goes through Redis, and the connections that it goes by. */
export interface Transport {
  /** URL, or path of the unix socket, of the Redis. */
  readonly redisUrl: string
  /** Fails at once while Redis is away. */
  readonly redis: Redis
  /** Block, and wait for a Redis that is away: one for runners' reports, one for the ingest worker. */
  readonly reader: Redis
  readonly workerRedis: Redis
  readonly queues: StageQueues
  readonly ingestQueue: IngestQueue
  readonly watcher: LogWatcher
  readonly news: LogNews
}

export async function openTransport(base: Base): Promise<Transport> {
  const { config, redisNames, logger, closers } = base
  const { bullPrefix, logNews: channel } = redisNames
  const connections = await findRedis(base)
  const redis = closers.add('redis', connections.failingFast(), closeConnection)
  const reader = closers.add('reader', connections.waiting(), (it) => it.disconnect())
  const workerRedis = closers.add('worker', connections.waiting(), closeConnection)
  const queues = new StageQueues({ redis, bullPrefix, logger })
  closers.add('queues', queues, (it) => it.close())
  const ingestQueue = new IngestQueue({ redis, bullPrefix, ...config.ingest })
  closers.add('ingest queue', ingestQueue, (it) => it.close())
  const watcher = new LogWatcher()
  const listener = closers.add('listener', connections.waiting(), (it) => it.disconnect())
  const news = new LogNews({ watcher, redis, listener, channel })
  closers.add('log news', news, (it) => it.stop())
  const redisUrl = connections.address
  return { redisUrl, redis, reader, workerRedis, queues, ingestQueue, watcher, news }
}

async function findRedis({ config, logger, closers }: Base): Promise<RedisConnections> {
  const { redis, dataDir } = config
  if ('url' in redis) return redisConnections(redis.url, logger)
  const options = { dataDir, logger, ...(redis.runtimeDir && { runtimeDir: redis.runtimeDir }) }
  const child = closers.add('private Redis', await startPrivateRedis(options), (it) => it.close())
  return redisConnections(child.path, logger)
}
