import { afterEach, beforeEach, describe, expect, it } from '@jest/globals'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { openDatabase } from '../../server/store/database.js'
import { GitRepo } from '../../server/testing/git-repo.js'
import { SIMPLE } from '../../server/testing/test-server.js'
import { HookSender, percentile } from '../support/hook-sender.js'
import type { TestRedis } from '../support/redis.js'
import { startRedis } from '../support/redis.js'
import type { Api, SandpiperProcess } from '../support/sandpiper.js'
import { connect, sandpiper, startSandpiper } from '../support/sandpiper.js'
import { waitFor } from '../support/wait.js'

/** `npm run test:load` sends all and holds the figures to what is promised; CI sends few and measures nothing. */
const IS_ALL = process.env['SANDPIPER_TEST_LOAD'] === 'all'
const HOOKS = IS_ALL ? 5_000 : 150
const RATED = IS_ALL ? 2_000 : 100
const PER_SECOND = 200
const P99_MS = 50
/** What the server may grow by from the first half of the hooks to the second. */
const GROWTH_BYTES = 64 * 1024 * 1024
const AT_ONCE = 32
const SECRET = 'the secret of o/n'
const TIMEOUT_MS = 900_000

let directory: string
let redis: TestRedis
let server: SandpiperProcess
let api: Api
let sender: HookSender
let commit: string

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'sandpiper-load-'))
  redis = await startRedis(join(directory, 'redis'))
  await writeFile(join(directory, 'address'), '')
  await startServer()
  const git = await GitRepo.create(join(directory, 'git'))
  commit = await git.commit({ '.pipeline.yml': SIMPLE })
  const add = ['repo', 'add', 'o/n', '--clone-url', git.path, '--secret', SECRET]
  const env = { SANDPIPER_SERVER: api.url, SANDPIPER_TOKEN: api.token }
  expect((await sandpiper(add, env)).code).toBe(0)
  sender = new HookSender(() => api.url, SECRET)
  await sender.warmUp(commit)
}, 60_000)

afterEach(async () => {
  sender.close()
  await server.end()
  await redis.stop()
  await rm(directory, { recursive: true, maxRetries: 20, retryDelay: 50 })
}, 60_000)

async function startServer(): Promise<void> {
  const data = join(directory, 'data')
  await rm(join(data, 'address'), { force: true })
  server = startSandpiper(['server', '--data', data, '--listen', '127.0.0.1:0'], {
    SANDPIPER_REDIS_URL: redis.url,
    SANDPIPER_LOG_LEVEL: 'error',
  })
  api = await connect(data, server)
}

/** Deliveries and builds in the database, read when nobody writes to it any more. */
async function stored(): Promise<{ deliveries: number; builds: number; numbers: number }> {
  await server.end()
  const db = await openDatabase({ path: join(directory, 'data', 'sandpiper.db') })
  const count = async (table: 'deliveries' | 'builds'): Promise<number> => {
    const query = db.selectFrom(table).select((eb) => eb.fn.countAll<number>().as('count'))
    return (await query.executeTakeFirstOrThrow()).count
  }
  const repo = await db.selectFrom('repos').select('counter').executeTakeFirstOrThrow()
  const found = { deliveries: await count('deliveries'), builds: await count('builds') }
  await db.destroy()
  return { ...found, numbers: repo.counter }
}

async function memory(): Promise<number> {
  const status = await readFile(`/proc/${String(server.child.pid)}/status`, 'utf8')
  return Number(/VmRSS:\s+(\d+) kB/.exec(status)?.[1] ?? 0) * 1024
}

/** Figures of what was sent after the first `before` deliveries. */
function report(what: string, seconds: number, before = 0): void {
  const { retries, duplicates, timeouts } = sender.sent
  const latencies = sender.sent.latencies.slice(before)
  const ms = (percent: number) => Number(percentile(latencies, percent).toFixed(1))
  const figures = {
    ...{ what, hooks: latencies.length, retries, duplicates, timeouts },
    perSecond: Math.round(latencies.length / seconds),
    ...{ p50: ms(50), p90: ms(90), p99: ms(99), max: ms(100) },
  }
  if (IS_ALL) process.stderr.write(`${JSON.stringify(figures)}\n`)
}

async function timed(what: string, work: () => Promise<void>): Promise<void> {
  const began = performance.now()
  const before = sender.sent.latencies.length
  await work()
  report(what, (performance.now() - began) / 1_000, before)
}

const everyOne = (count: number) => ({ deliveries: count, builds: count, numbers: count })

describe(`${HOOKS} signed webhooks`, () => {
  it(
    'sent as fast as can be make a build each, in flat memory',
    async () => {
      await timed('as fast as can be, first half', () =>
        sender.asFastAsPossible(HOOKS / 2, AT_ONCE, commit),
      )
      const half = await memory()
      await timed('as fast as can be, second half', () =>
        sender.asFastAsPossible(HOOKS / 2, AT_ONCE, commit),
      )
      const whole = await memory()
      if (IS_ALL) {
        process.stderr.write(`${JSON.stringify({ rss: [half, whole].map(mebibytes) })}\n`)
        expect(whole - half).toBeLessThan(GROWTH_BYTES)
      }
      expect(await stored()).toEqual(everyOne(HOOKS))
    },
    TIMEOUT_MS,
  )

  it(
    'sent steadily are answered at once',
    async () => {
      await timed(`${PER_SECOND} a second`, () => sender.atRate(RATED, PER_SECOND, commit, 'rated'))
      if (IS_ALL) expect(percentile(sender.sent.latencies, 99)).toBeLessThan(P99_MS)
      expect(await stored()).toEqual(everyOne(RATED))
    },
    TIMEOUT_MS,
  )

  it(
    'are all there though Redis is killed and comes back',
    async () => {
      await timed('Redis killed', async () => {
        const sending = sender.atRate(RATED, PER_SECOND, commit, 'redis')
        await waitFor('a quarter', () => Promise.resolve(isSent(RATED / 4)), TIMEOUT_MS)
        await redis.stop('SIGKILL')
        await waitFor('a half', () => Promise.resolve(isSent(RATED / 2)), TIMEOUT_MS)
        await redis.start()
        await sending
      })
      // Redis has nothing to do with taking one in.
      expect(sender.sent.retries).toBe(0)
      expect(await stored()).toEqual(everyOne(RATED))
    },
    TIMEOUT_MS,
  )

  it(
    'are all there once though the server is killed and comes back',
    async () => {
      await timed('server killed', async () => {
        const began = performance.now()
        const sending = sender.asFastAsPossible(HOOKS, AT_ONCE, commit)
        await waitFor('a third', () => Promise.resolve(isSent(HOOKS / 3)), TIMEOUT_MS)
        const killed = performance.now()
        await server.end('SIGKILL')
        await startServer()
        report(
          `server back after ${Math.round(performance.now() - killed)} ms`,
          (performance.now() - began) / 1_000,
        )
        await sending
      })
      expect(sender.sent.retries).toBeGreaterThan(0)
      expect(await stored()).toEqual(everyOne(HOOKS))
    },
    TIMEOUT_MS,
  )
})

function isSent(count: number): true | null {
  return sender.sent.latencies.length >= count ? true : null
}

function mebibytes(bytes: number): string {
  return `${Math.round(bytes / 1024 / 1024)} MiB`
}
