import { afterEach, beforeEach, describe, expect, it } from '@jest/globals'
import { randomBytes, randomUUID } from 'node:crypto'
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { signBody } from '../../protocol/git-hook.js'
import { FakeRunner } from '../../server/testing/fake-runner.js'
import { GitRepo } from '../../server/testing/git-repo.js'
import { POSTGRES_PROGRAMS } from '../../server/testing/postgres.js'
import { TestDatabase } from '../../server/testing/test-database.js'
import { SIMPLE } from '../../server/testing/test-server.js'
import { until } from '../../server/testing/until.js'
import type { TestRedis } from '../support/redis.js'
import { startRedis } from '../support/redis.js'
import type { Api, SandpiperProcess } from '../support/sandpiper.js'
import { connect, sandpiper, startSandpiper } from '../support/sandpiper.js'

const SECRET = 'the secret of o/n'
const HOOKS = 60
const describeHere =
  POSTGRES_PROGRAMS !== null || process.env.CI === 'true' ? describe : describe.skip

let directory: string
let database: TestDatabase
let redis: TestRedis
let servers: { process: SandpiperProcess; api: Api }[]
let runners: FakeRunner[]
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'sandpiper-servers-'))
  database = await TestDatabase.postgres()
  redis = await startRedis(join(directory, 'redis'))
  await writeFile(join(directory, 'key'), randomBytes(32).toString('base64'), { mode: 0o600 })
  servers = await Promise.all(['a', 'b', 'c'].map(startServer))
  runners = []
}, 60_000)
afterEach(async () => {
  await Promise.all(runners.map((runner) => runner.die()))
  await Promise.all(servers.map(({ process }) => process.end()))
  await redis.stop()
  await database.remove()
  await rm(directory, { recursive: true, maxRetries: 20, retryDelay: 50 })
}, 60_000)

async function startServer(name: string): Promise<{ process: SandpiperProcess; api: Api }> {
  const data = join(directory, name)
  await mkdir(data)
  await writeFile(join(data, 'admin-token'), 'token-of-all-servers', { mode: 0o600 })
  const process = startSandpiper(['server', '--data', data, '--listen', '127.0.0.1:0'], {
    SANDPIPER_DATABASE_URL: 'url' in database.address ? database.address.url : '',
    SANDPIPER_SECRET_KEY_FILE: join(directory, 'key'),
    SANDPIPER_REDIS_URL: redis.url,
  })
  return { process, api: await connect(data, process) }
}

/** Sends a hook to some of the servers at once; one that is gone is not the last that is asked. */
async function send(commit: string, first: number, count: number): Promise<void> {
  const body = JSON.stringify({
    ...{ delivery: randomUUID(), repo: 'o/n', ref: 'refs/heads/main', before: '0'.repeat(40) },
    ...{ after: commit, message: 'a commit', author: { name: 'A', email: 'a@example.org' } },
    ...{ pusher: 'a', time: 1_795_000_000_000 },
  })
  const deliver = async (index: number): Promise<void> => {
    await until(async () => {
      const { api } = servers[index++ % servers.length]!
      const headers = {
        'content-type': 'application/json',
        'x-sandpiper-signature': signBody(SECRET, body),
      }
      const hook = { method: 'POST', headers, body }
      return (await fetch(`${api.url}/hooks/git?repo=o/n`, hook).catch(() => null))?.ok
    })
  }
  await Promise.all(Array.from({ length: count }, (_, index) => deliver(first + index)))
}

async function addRepo(): Promise<string> {
  const git = await GitRepo.create(join(directory, 'git'))
  const { api } = servers[0]!
  const add = ['repo', 'add', 'o/n', '--clone-url', git.path, '--secret', SECRET]
  const { code, stderr } = await sandpiper(add, {
    SANDPIPER_SERVER: api.url,
    SANDPIPER_TOKEN: api.token,
  })
  expect([code, stderr]).toEqual([0, ''])
  return git.commit({ '.pipeline.yml': SIMPLE })
}

describeHere('three servers on one Postgres and one Redis', () => {
  it('make one build of each hook and end it, though one is killed', async () => {
    const commit = await addRepo()
    const db = await database.open()
    runners = Array.from({ length: 4 }, () => new FakeRunner(redis.url))
    for (const runner of runners) runner.work()
    const sent: Promise<void>[] = []
    for (let index = 0; index < HOOKS; index += 1) {
      // Some deliveries come to two servers, or to all, at once.
      sent.push(send(commit, index, 1 + (index % 3)))
      if (index === HOOKS / 2) servers[1]!.process.child.kill('SIGKILL')
    }
    await Promise.all(sent)
    await until(async () => {
      const ended = await db.selectFrom('builds').select('id').where('finished', '>', 0).execute()
      return ended.length >= HOOKS
    })
    const builds = await db
      .selectFrom('builds')
      .select(['number', 'status'])
      .orderBy('number')
      .execute()
    expect(builds).toEqual(
      Array.from({ length: HOOKS }, (_, index) => ({ number: index + 1, status: 'success' })),
    )
    // No runner was taken for lost, none ran what another had.
    const stages = await db.selectFrom('stages').select(['attempt', 'status']).execute()
    expect(stages).toEqual(Array.from({ length: HOOKS }, () => ({ attempt: 1, status: 'success' })))
    // Each message was applied once: the counts are the runners' own.
    const sessions = await db
      .selectFrom('runner_sessions')
      .select(['session', 'last_seq'])
      .execute()
    const acked = new Map(runners.map((runner) => [runner.session, runner.acked]))
    for (const { session, last_seq } of sessions) expect(last_seq).toBe(acked.get(session))
  }, 120_000)

  it('share out who reads what runners send, and take over from one that is gone', async () => {
    const runner = new FakeRunner(redis.url)
    runners.push(runner)
    const readers = async (): Promise<number[]> => {
      const { keys, redis: client } = runner
      const held = Object.values(await client.hgetall(keys.uplinkReaders))
      const names = held.map((text) => text.split(' ')[1] ?? '')
      const counts = new Map<string, number>()
      for (const name of names) counts.set(name, (counts.get(name) ?? 0) + 1)
      return [...counts.values()].sort()
    }
    await until(async () => (await readers()).join() === '5,5,6')
    servers[1]!.process.child.kill('SIGKILL')
    await until(async () => (await readers()).join() === '8,8')
  }, 60_000)

  it('refuse a fourth with a key of its own', async () => {
    const data = join(directory, 'd')
    const { code, stderr } = await sandpiper(
      ['server', '--data', data, '--listen', '127.0.0.1:0'],
      {
        SANDPIPER_DATABASE_URL: 'url' in database.address ? database.address.url : '',
        SANDPIPER_REDIS_URL: redis.url,
      },
    )
    expect([code, stderr]).toEqual([3, expect.stringContaining('SANDPIPER_SECRET_KEY_FILE')])
  }, 60_000)
})
