import { afterEach, beforeEach, describe, expect, it } from '@jest/globals'
import { transformFile } from '@swc/core'
import { spawn } from 'node:child_process'
import type { ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { mkdir, mkdtemp, readFile, readdir, rm, stat, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { Redis } from 'ioredis'
import { pino } from 'pino'
import { lockDataDir } from '../store/data-lock.js'
import { pingSocket } from './ping.js'
import { startPrivateRedis } from './private-redis.js'
import type { PrivateRedis } from './private-redis.js'

const logger = pino({ level: 'silent' })
let dataDir: string
let redis: PrivateRedis | undefined
const children: ChildProcess[] = []

beforeEach(async () => {
  dataDir = await mkdtemp(join(tmpdir(), 'sandpiper-redis-'))
})
afterEach(async () => {
  for (const child of children.splice(0)) child.kill('SIGKILL')
  await redis?.close()
  redis = undefined
  await rm(dataDir, { recursive: true })
})

async function until(condition: () => boolean | Promise<boolean>): Promise<void> {
  while (!(await condition())) await sleep(10)
}

const isAlive = (pid: number): Promise<boolean> =>
  readFile(`/proc/${pid}/stat`, 'latin1').then(
    (text) => !text.includes(') Z '),
    () => false,
  )

describe('the private Redis', () => {
  it('answers when started, keeps its data over a restart and lets only its user in', async () => {
    redis = await startPrivateRedis({ dataDir, logger })
    const client = new Redis(redis.path)
    await client.set('k', 'v')
    await client.quit()
    expect((await stat(join(dataDir, 'redis'))).mode & 0o777).toBe(0o700)
    const pid = redis.pid()!
    await redis.close()
    expect(await isAlive(pid)).toBe(false)
    redis = await startPrivateRedis({ dataDir, logger })
    const again = new Redis(redis.path)
    expect(await again.get('k')).toBe('v')
    await again.quit()
  })

  it('is started again when it is killed, with its data', async () => {
    redis = await startPrivateRedis({ dataDir, logger })
    const client = new Redis(redis.path)
    client.on('error', () => undefined)
    await client.set('k', 'v')
    // The file is written before the answer; only its flush to the disk is once a second.
    process.kill(redis.pid()!, 'SIGKILL')
    await until(async () => (await pingSocket(redis!.path)) === 'ready')
    expect(await client.get('k')).toBe('v')
    await client.quit()
  })

  it('listens in the runtime directory when the data directory has a long name', async () => {
    const long = join(dataDir, 'x'.repeat(100))
    await mkdir(long)
    const runtimeDir = join(dataDir, 'run')
    redis = await startPrivateRedis({ dataDir: long, runtimeDir, logger })
    expect(redis.path.startsWith(runtimeDir)).toBe(true)
    expect(await pingSocket(redis.path)).toBe('ready')
    expect((await stat(dirname(redis.path))).mode & 0o777).toBe(0o700)
  })

  it('does not use a runtime directory that others can enter', async () => {
    const long = join(dataDir, 'x'.repeat(100))
    await mkdir(long)
    const runtimeDir = join(dataDir, 'run')
    redis = await startPrivateRedis({ dataDir: long, runtimeDir, logger })
    const { path } = redis
    await redis.close()
    redis = undefined
    await rm(dirname(path), { recursive: true })
    await mkdir(dirname(path), { mode: 0o755 })
    await expect(startPrivateRedis({ dataDir: long, runtimeDir, logger })).rejects.toMatchObject({
      code: 'SP_REDIS_FAILED',
    })
  })

  it('says what Redis printed when it can not start', async () => {
    await mkdir(join(dataDir, 'redis', 'appendonlydir'), { recursive: true })
    const manifest = join(dataDir, 'redis', 'appendonlydir', 'appendonly.aof.manifest')
    await writeFile(manifest, 'nonsense\n')
    await expect(startPrivateRedis({ dataDir, logger })).rejects.toMatchObject({
      code: 'SP_REDIS_FAILED',
      message: expect.stringContaining('AOF manifest'),
    })
  })

  it('dies with its server, kill -9 included, and the next server waits for its end', async () => {
    const { child, pid } = await serverProcess(dataDir)
    expect(await isAlive(pid)).toBe(true)
    child.kill('SIGKILL')
    redis = await startPrivateRedis({ dataDir, logger })
    expect(await isAlive(pid)).toBe(false)
    expect(redis.pid()).not.toBe(pid)
    const client = new Redis(redis.path)
    expect(await client.get('k')).toBe('v')
    await client.quit()
  })

  it('is ended by the next server when it outlived its own', async () => {
    const { child, pid } = await serverProcess(dataDir, { orphan: true })
    child.kill('SIGKILL')
    await once(child, 'exit')
    expect(await isAlive(pid)).toBe(true)
    redis = await startPrivateRedis({ dataDir, logger })
    expect(await isAlive(pid)).toBe(false)
  })
})

describe('the lock of the data directory', () => {
  it('is refused to a second server, with the process id of the first', async () => {
    const lock = await lockDataDir(dataDir)
    await expect(lockDataDir(dataDir)).rejects.toMatchObject({
      code: 'SP_SERVER_DATA_IN_USE',
      message: expect.stringContaining(`process id ${process.pid}`),
    })
    await lock.release()
    expect(await readdir(dataDir)).not.toContain('server.pid')
    const next = await lockDataDir(dataDir)
    await next.release()
  })

  it('is refused while another process has it and free the moment that one is killed', async () => {
    const { child } = await serverProcess(dataDir)
    await expect(lockDataDir(dataDir)).rejects.toMatchObject({
      message: expect.stringContaining(`process id ${child.pid}`),
    })
    child.kill('SIGKILL')
    await once(child, 'exit')
    const lock = await lockDataDir(dataDir)
    await lock.release()
  })
})

/** A process of its own that locks the data directory and runs a private Redis with `k` = `v`. */
async function serverProcess(
  directory: string,
  { orphan = false } = {},
): Promise<{ child: ChildProcess; pid: number }> {
  const root = join(__dirname, '../..')
  const built = join(directory, 'built')
  for (const folder of ['server/redis', 'server/store', 'server', 'protocol']) {
    await transpile(join(root, folder), join(built, folder))
  }
  await writeFile(join(built, 'package.json'), '{"type":"module"}')
  await symlink(join(root, 'node_modules'), join(built, 'node_modules'))
  if (orphan) await makeOrphaning(join(built, 'server/redis/redis-process.js'))
  const main = join(built, 'main.js')
  await writeFile(main, MAIN)
  const child = spawn(process.execPath, [main, directory], { stdio: ['ignore', 'pipe', 'inherit'] })
  children.push(child)
  const [line] = (await once(child.stdout, 'data')) as [Buffer]
  return { child, pid: Number(line.toString()) }
}

async function transpile(from: string, to: string): Promise<void> {
  await mkdir(to, { recursive: true })
  for (const name of await readdir(from)) {
    if (!name.endsWith('.ts') || name.endsWith('.test.ts')) continue
    const jsc = { target: 'es2022', parser: { syntax: 'typescript' } } as const
    const { code } = await transformFile(join(from, name), { jsc, module: { type: 'es6' } })
    await writeFile(join(to, name.replace(/\.ts$/, '.js')), code)
  }
}

/** As if the server had died before setpriv asked the kernel for the signal. */
async function makeOrphaning(path: string): Promise<void> {
  const code = await readFile(path, 'utf8')
  expect(code).toContain("'TERM'")
  await writeFile(path, code.replace("'TERM'", "'WINCH'"))
}

const MAIN = `
import { Redis } from 'ioredis'
import { pino } from 'pino'
import { lockDataDir } from './server/store/data-lock.js'
import { startPrivateRedis } from './server/redis/private-redis.js'
globalThis.lock = await lockDataDir(process.argv[2])
const redis = await startPrivateRedis({ dataDir: process.argv[2], logger: pino({ level: 'silent' }) })
const client = new Redis(redis.path)
await client.set('k', 'v')
console.log(redis.pid())
`
