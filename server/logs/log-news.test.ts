import { afterEach, beforeEach, expect, it } from '@jest/globals'
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout } from 'node:timers/promises'
import { Redis } from 'ioredis'
import { pino } from 'pino'
import { startPrivateRedis } from '../redis/private-redis.js'
import type { PrivateRedis } from '../redis/private-redis.js'
import { LogNews } from './log-news.js'
import { LogWatcher } from './log-watcher.js'

let dataDir: string
let server: PrivateRedis
let clients: Redis[]

beforeEach(async () => {
  dataDir = await mkdtemp(join(tmpdir(), 'sandpiper-news-'))
  server = await startPrivateRedis({ dataDir, logger: pino({ level: 'silent' }) })
  clients = []
})
afterEach(async () => {
  for (const client of clients) client.disconnect()
  await server.close()
  await rm(dataDir, { recursive: true })
})

const connect = (): Redis => {
  const client = new Redis(server.path, { maxRetriesPerRequest: null })
  clients.push(client)
  return client
}

it('hears of other servers, and loses no connection by listening before that is ready', async () => {
  const watcher = new LogWatcher()
  const listener = connect()
  const errors: unknown[] = []
  listener.on('error', (error) => errors.push(error))
  const here = new LogNews({ watcher, redis: connect(), listener, channel: 'news' })
  await once(listener, 'connect')
  here.start()
  const sender = connect()
  while ((await sender.pubsub('NUMSUB', 'news'))[1] !== 1) await setTimeout(5)
  const ref = { stageId: 1, attempt: 1, step: 2 }
  const heard = new Promise<void>((resolve) => watcher.watch(ref, resolve))
  const other = { watcher: new LogWatcher(), listener: connect(), channel: 'news' }
  new LogNews({ ...other, redis: sender }).notify(ref)
  await heard
  expect(errors).toEqual([])
})
