import { afterAll, beforeAll, expect, it } from '@jest/globals'
import {
  describeSandboxes,
  execIn,
  finish,
  finishProcess,
  makeTestSandboxes,
  outputWith,
  type RunResult,
  type TestSandboxes,
} from '../testing/sandboxes.js'
import { tamperedLauncher, withoutGuards } from '../testing/tampered.js'
import type { Sandbox, SandboxSpec } from '../types.js'
import type { Guard } from './row.js'
import { itOnTime } from '../testing/slowness.js'

const MIB = 2 ** 20
/** Longest that a step beside a bomb may take to answer, on a machine with other work. */
const ANSWER_MS_MAX = 10_000

let product: TestSandboxes
let tampered: TestSandboxes
let sibling: Sandbox
beforeAll(async () => {
  product = await makeTestSandboxes()
  tampered = await makeTestSandboxes(tamperedLauncher())
  sibling = await product.stage.start(
    await product.specOf('echo up; exec sleep 1000', {
      limits: { memoryBytes: 64 * MIB, pids: 8 },
    }),
  )
  await outputWith(sibling, 'up')
})
afterAll(async () => {
  sibling.kill()
  await finish(sibling)
  await product.close()
  await tampered.close()
})

/** Lets the bomb go off while another step of the stage is asked to do something, again and again. */
async function letGo(bomb: string, spec: Partial<SandboxSpec>): Promise<RunResult> {
  const ended = product.run(`exec attempt ${bomb}`, spec)
  const isOver = ended.then(
    () => true,
    () => true,
  )
  do {
    const asked = Date.now()
    const work = await execIn(
      sibling,
      'head -c 100000 /dev/zero | md5sum >/dev/shm/sum && echo fine',
    )
    expect(await finishProcess(work)).toMatchObject({ output: 'fine\n', exit: { code: 0 } })
    expect(Date.now() - asked).toBeLessThan(ANSWER_MS_MAX)
  } while (!(await Promise.race([isOver, Promise.resolve(false)])))
  return ended
}

/** The same bomb where nothing holds it: its limits are not given, or are not enforced. */
function bare(
  bomb: string,
  spec: Partial<SandboxSpec>,
  off: readonly Guard[] = [],
): Promise<RunResult> {
  return tampered.run(`exec attempt ${bomb}`, { ...spec, ...withoutGuards(off) })
}

const got = ({ output }: RunResult): number => Number(/got (\d+)/.exec(output)?.[1])

describeSandboxes('a bomb', () => {
  it('of processes is held at its limit, and named', async () => {
    const spec = { limits: { pids: 30, memoryBytes: 256 * MIB } }
    const held = await letGo('bomb-fork:200', spec)
    expect(got(held)).toBeLessThan(30)
    expect(held.exit.pidsRefused).toBeGreaterThan(0)
    const free = await bare('bomb-fork:200', spec, ['cgroups'])
    expect(got(free)).toBe(200)
  })

  it('of memory is killed at its limit, and named with its peak', async () => {
    const spec = { limits: { memoryBytes: 48 * MIB } }
    const { exit } = await letGo('bomb-memory:128', spec)
    expect(exit).toMatchObject({ code: null, signal: 9 })
    expect(exit.oomKills).toBeGreaterThan(0)
    expect(exit.memoryPeakBytes).toBeLessThanOrEqual(48 * MIB)
    expect(got(await bare('bomb-memory:128', spec, ['cgroups']))).toBe(128)
  })

  const manyFiles = { rlimits: [{ name: 'NOFILE', soft: 4096, hard: 4096 }] }
  it.each([
    ['pipes', 'bomb-pipes:900'],
    ['sockets', 'bomb-sockets:300'],
    ['messages', 'bomb-messages:4000'],
  ])('of the kernel’s memory, in %s, counts to the memory of the step', async (_, bomb) => {
    const spec = { limits: { memoryBytes: 24 * MIB }, ...manyFiles }
    const { exit } = await letGo(bomb, spec)
    expect(exit).toMatchObject({ code: null, signal: 9 })
    expect(exit.oomKills).toBeGreaterThan(0)
    expect(exit.memoryPeakBytes).toBeLessThanOrEqual(24 * MIB)
    const free = await bare(bomb, spec, ['cgroups'])
    expect(got(free)).toBe(Number(bomb.split(':')[1]))
  })

  it('of the kernel’s memory, in connections, is held at the memory of the step', async () => {
    const spec = { limits: { memoryBytes: 24 * MIB }, ...manyFiles }
    const held = await letGo('bomb-connections:30', spec)
    expect(held.exit.oomKills > 0 || got(held) <= 48).toBe(true)
    expect(got(await bare('bomb-connections:30', spec, ['cgroups']))).toBeGreaterThan(64)
  })

  it('of descriptors is held at its limit', async () => {
    const spec = { rlimits: [{ name: 'NOFILE', soft: 64, hard: 64 }] }
    expect(got(await letGo('bomb-descriptors:200', spec))).toBe(61)
    expect(got(await bare('bomb-descriptors:200', spec, ['rlimits']))).toBe(200)
  })

  it('of empty files is held in a writable layer that is bounded', async () => {
    const lowers = [{ path: product.root.lower }]
    const writable = { kind: 'memory', sizeBytes: MIB } as const
    const held = await letGo('bomb-files:2000', { cwd: '/root', root: { lowers, writable } })
    expect(got(held)).toBeLessThan(2000)
    expect(got(await bare('bomb-files:2000', { cwd: '/root' }))).toBe(2000)
  })

  it('of empty files is held in directories in memory', async () => {
    const inTmpfs = (sizeBytes: number): Partial<SandboxSpec> => ({
      cwd: '/mem',
      tmpfs: [{ target: '/mem', sizeBytes }],
    })
    expect(got(await letGo('bomb-files:2000', inTmpfs(MIB)))).toBeLessThan(2000)
    expect(got(await bare('bomb-files:2000', inTmpfs(64 * MIB)))).toBe(2000)
  })

  it.each([
    ['/dev/shm', (bytes: number): Partial<SandboxSpec> => ({ cwd: '/dev/shm', shmBytes: bytes })],
    [
      'a directory in memory',
      (bytes: number): Partial<SandboxSpec> => ({
        cwd: '/mem',
        tmpfs: [{ target: '/mem', sizeBytes: bytes }],
      }),
    ],
  ])('of bytes is held in %s by its size', async (_, sized) => {
    expect(got(await letGo('bomb-disk:24', sized(8 * MIB)))).toBeLessThanOrEqual(8)
    expect(got(await bare('bomb-disk:24', sized(64 * MIB)))).toBe(24)
  })

  it('of bytes is held in a writable layer that is bounded', async () => {
    const lowers = [{ path: product.root.lower }]
    const writable = { kind: 'memory', sizeBytes: 8 * MIB } as const
    expect(got(await letGo('bomb-disk:24', { root: { lowers, writable } }))).toBeLessThanOrEqual(8)
    expect(got(await bare('bomb-disk:24', {}))).toBe(24)
  })

  itOnTime('of work for the processor gets its share and no more', async () => {
    const spec = { limits: { cpus: 0.05 } }
    const isMore = ({ exit }: RunResult): boolean => exit.cpuMs > 0.05 * exit.wallMs + 120
    expect(isMore(await letGo('bomb-spin:1500', spec))).toBe(false)
    // On a machine that is busy it may not get as much at once.
    let isFree = false
    for (let i = 0; i < 5 && !isFree; i++) {
      isFree = isMore(await bare('bomb-spin:1500', {}))
    }
    expect(isFree).toBe(true)
  })
})
