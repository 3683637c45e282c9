import { afterAll, beforeAll, expect, it } from '@jest/globals'
import { readdir, readFile } from 'node:fs/promises'
import { setTimeout as delay } from 'node:timers/promises'
import {
  describeSandboxes,
  finish,
  makeTestSandboxes,
  type TestSandboxes,
} from './testing/sandboxes.js'
import { HAS_LIMITS, itLimited } from './testing/this-host.js'
import type { SandboxSpec, Stage } from './types.js'

const LAYER = { kind: 'memory', sizeBytes: 4 * 1024 * 1024 } as const

let sandboxes: TestSandboxes
let stage: Stage
beforeAll(async () => {
  sandboxes = await makeTestSandboxes()
  stage = await sandboxes.makeStage()
})
afterAll(() => sandboxes.close())

const specOf = async (command: string, changes: Partial<SandboxSpec> = {}): Promise<SandboxSpec> =>
  sandboxes.specOf(command, {
    root: { lowers: [{ path: sandboxes.root.lower }], writable: LAYER },
    ...changes,
  })

/** Host process ids of inits that wait for their order. */
async function waiting(): Promise<readonly number[]> {
  const found: number[] = []
  for (const name of await readdir('/proc')) {
    const status = await readFile(`/proc/${name}/status`, 'utf8').catch(() => '')
    const isInit = status.startsWith('Name:\tsandpiper-init\n')
    if (isInit && status.includes(`\nPPid:\t${sandboxes.launcher.pid}\n`)) found.push(Number(name))
  }
  return found
}

async function waitForWaiting(count: number): Promise<readonly number[]> {
  for (;;) {
    const found = await waiting()
    if (found.length === count) return found
    await delay(5)
  }
}

describeSandboxes('sandboxes that are prepared ahead', () => {
  it('are there before a program is, and used for the next one that fits', async () => {
    await stage.prepare(await specOf('true'))
    const [pid] = await waitForWaiting(1)
    const sandbox = await stage.start(await specOf('hostname; id -u', { hostname: 'named-later' }))
    expect(sandbox.pid).toBe(pid)
    expect((await finish(sandbox)).output).toBe('named-later\n0\n')
  })

  it('are ready when preparing them is over, and given up with their stage', async () => {
    await stage.prepare(await specOf('true'))
    const before = await waiting()
    expect(before).toHaveLength(1)
    const other = await sandboxes.makeStage()
    await other.prepare(await specOf('true'), 3)
    expect(await waiting()).toHaveLength(1 + 3)
    const more = other.prepare(await specOf('true'), 20)
    await Promise.all([more, other.destroy()])
    expect(await waiting()).toEqual(before)
  })

  it('are made again when they were used, each for one program', async () => {
    const pids = new Set<number>()
    for (let round = 0; round < 20; round++) {
      const sandbox = await stage.start(await specOf('ls /used; touch /used'))
      pids.add(sandbox.pid)
      expect((await finish(sandbox)).output).toContain('No such file')
    }
    expect(pids.size).toBe(20)
    await waitForWaiting(1)
  })

  it('keep their number', async () => {
    await stage.prepare(await specOf('true'), 3)
    const before = await waitForWaiting(3)
    const specs = await Promise.all(Array.from({ length: 5 }, () => specOf('true')))
    const started = await Promise.all(specs.map((spec) => stage.start(spec)))
    await Promise.all(started.map(finish))
    expect(started.filter(({ pid }) => before.includes(pid))).toHaveLength(3)
    await stage.prepare(await specOf('true'), 1)
    await waitForWaiting(1)
  })

  it('are not used for another root, network or kind of limit', async () => {
    const [pid] = await waitForWaiting(1)
    const others: Partial<SandboxSpec>[] = [
      { network: 'none' },
      { shmBytes: 8192 },
      { outputFile: '/run/sandpiper/output' },
      ...(HAS_LIMITS ? [{ limits: { cpus: 1 } }] : []),
      { root: { lowers: [{ path: sandboxes.root.lower }], writable: { ...LAYER, mode: 0o700 } } },
    ]
    for (const changes of others) {
      const sandbox = await stage.start(await specOf('true', changes))
      expect(sandbox.pid).not.toBe(pid)
      await finish(sandbox)
    }
    expect(await waitForWaiting(1)).toEqual([pid])
  })

  itLimited('have the limits of the program they get', async () => {
    const limits = { memoryBytes: 32 * 1024 * 1024, pids: 20 }
    await stage.prepare(await specOf('true', { limits: { memoryBytes: 1024 ** 3, pids: 500 } }))
    await waitForWaiting(2)
    const hog = 'head -c 60000000 /dev/zero | tail -c 60000000 >/dev/null'
    const { exit } = await finish(await stage.start(await specOf(hog, { limits })))
    expect(exit.oomKills).toBeGreaterThan(0)
  })

  it('are replaced when one is killed while it waits', async () => {
    const other = await sandboxes.makeStage()
    await other.prepare(await specOf('true'))
    const before = new Set(await waiting())
    for (const pid of before) process.kill(pid, 'SIGKILL')
    while ((await waiting()).some((pid) => before.has(pid))) await delay(5)
    const sandbox = await other.start(await specOf('echo fine'))
    expect((await finish(sandbox)).output).toBe('fine\n')
    await other.destroy()
  })

  it('that can not be made are given up, and the start tells why', async () => {
    const root = { lowers: [{ path: '/no/such/layer' }], writable: LAYER }
    await stage.prepare(await specOf('true', { root }))
    await expect(stage.start(await specOf('true', { root }))).rejects.toThrow(
      'openat2 on /no/such/layer: ENOENT',
    )
  })

  itLimited('end with their stage, before its end is told', async () => {
    const other = await sandboxes.makeStage()
    const cgroups = `/sys/fs/cgroup/pids/${sandboxes.cgroupParent}`
    await other.prepare(await specOf('true', { limits: { pids: 9 } }), 4)
    const before = await waiting()
    await other.destroy()
    const after = await waiting()
    expect(after.length).toBeLessThanOrEqual(before.length)
    const directories = await readdir(cgroups).catch(() => [])
    expect(directories.filter((name) => /^s\d+$/.test(name)).length).toBeLessThanOrEqual(2)
  })
})
