import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { mkdir } from 'node:fs/promises'
import { createServer, type AddressInfo } from 'node:net'
import { Redis } from 'ioredis'
import { waitFor } from './wait.js'

/** A redis-server of the test's own on loopback, with an append-only file, that can be stopped and started again. */
export interface TestRedis {
  readonly url: string
  start(): Promise<void>
  /** Ends it with the signal and waits until it is gone. */
  stop(signal?: NodeJS.Signals): Promise<void>
  flush(): Promise<void>
}

export async function startRedis(dir: string): Promise<TestRedis> {
  await mkdir(dir, { recursive: true })
  const port = await freePort()
  const url = `redis://127.0.0.1:${port}`
  let child: ChildProcess | undefined
  const redis: TestRedis = {
    url,
    start: async () => {
      child = spawn('redis-server', [
        ...['--port', String(port), '--bind', '127.0.0.1', '--dir', dir, '--save', ''],
        ...['--appendonly', 'yes', '--maxmemory-policy', 'noeviction'],
      ])
      await waitFor('redis-server to answer', () => withClient(url, (client) => client.ping()))
    },
    stop: async (signal = 'SIGTERM') => {
      if (child?.exitCode !== null || child.signalCode !== null) return
      const ended = once(child, 'exit')
      child.kill(signal)
      await ended
    },
    flush: async () => {
      await withClient(url, (client) => client.flushall())
    },
  }
  await redis.start()
  return redis
}

async function withClient<T>(url: string, use: (client: Redis) => Promise<T>): Promise<T | null> {
  const client = new Redis(url, { lazyConnect: true, retryStrategy: null, maxRetriesPerRequest: 0 })
  client.on('error', () => undefined)
  try {
    await client.connect()
    return await use(client)
  } catch {
    return null
  } finally {
    client.disconnect()
  }
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  server.close()
  return port
}
