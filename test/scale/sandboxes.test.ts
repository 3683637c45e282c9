import { afterAll, beforeAll, expect, it } from '@jest/globals'
import { readFile } from 'node:fs/promises'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import {
  describeSandboxes,
  makeTestSandboxes,
  type TestSandboxes,
} from '../../native/lib/testing/sandboxes.js'
import type { SandboxSpec, Stage } from '../../native/lib/types.js'
import { readState, settle, type LauncherPlace } from '../support/launcher-state.js'

/** So many sandboxes one after another; SANDPIPER_TEST_SCALE=all: ten times as many. */
const SANDBOXES = process.env['SANDPIPER_TEST_SCALE'] === 'all' ? 10_000 : 1_000
const SANDBOXES_PER_STAGE = 20
const AT_ONCE = 200
/** What is made once, and what grows at first, is made before anything is measured. */
const WARM_UP = 200
/** A leak of 1 KiB a sandbox is more than these; heaps of both processes are not exact to that. */
const LAUNCHER_KIB_EACH = 0.5
const LAUNCHER_KIB = 256
const NODE_BYTES_EACH = 512
const NODE_BYTES = 2 * 1024 * 1024

let sandboxes: TestSandboxes
let place: LauncherPlace

beforeAll(async () => {
  sandboxes = await makeTestSandboxes()
  const { launcher, cgroupParent, root } = sandboxes
  place = { pid: launcher.pid, cgroupParent, directory: root.directory }
})
afterAll(() => sandboxes.close())

let number = 0

function specOf(argv: readonly string[]): SandboxSpec {
  number += 1
  const { root } = sandboxes
  return {
    name: `scale-${number}`,
    root: {
      lowers: [{ path: root.lower }],
      writable: { kind: 'memory', sizeBytes: 16 * 1024 * 1024 },
    },
    binds: [],
    argv,
    outputFile: '/run/sandpiper/output',
    env: {},
    cwd: '/',
    hostname: 'scale',
    limits: { memoryBytes: 2 ** 26, cpus: 1, pids: 16 },
  }
}

async function runOne(stage: Stage): Promise<void> {
  const sandbox = await stage.start(specOf(['/bin/true']))
  sandbox.output.resume()
  const { code, signal } = await sandbox.exit
  if (code !== 0) throw new Error(`true ended with ${code} or signal ${signal}`)
}

/** So many one after another, in stages of their own. */
async function runInRow(count: number): Promise<void> {
  for (let done = 0; done < count; done += SANDBOXES_PER_STAGE) {
    const stage = await sandboxes.makeStage()
    for (let i = 0; i < SANDBOXES_PER_STAGE; i++) await runOne(stage)
    await stage.destroy()
  }
}

/** Anonymous memory of the launcher, in KiB. */
async function launcherKib(): Promise<number> {
  const status = await readFile(`/proc/${place.pid}/status`, 'utf8')
  return Number(/^RssAnon:\s+(\d+) kB$/m.exec(status)?.[1])
}

/** Bytes of this process's heap that are in use after a collection. */
function ownBytes(): number {
  setFlagsFromString('--expose-gc')
  const collect = runInNewContext('gc') as () => void
  collect()
  return process.memoryUsage().heapUsed
}

describeSandboxes('many sandboxes', () => {
  it(`leave nothing and take no memory: ${SANDBOXES} in a row`, async () => {
    await runInRow(WARM_UP)
    const before = await readState(place)
    const [kibBefore, bytesBefore] = [await launcherKib(), ownBytes()]
    await runInRow(SANDBOXES)
    await settle(place, before)
    expect(await launcherKib()).toBeLessThan(
      kibBefore + LAUNCHER_KIB + SANDBOXES * LAUNCHER_KIB_EACH,
    )
    expect(ownBytes()).toBeLessThan(bytesBefore + NODE_BYTES + SANDBOXES * NODE_BYTES_EACH)
  }, 1_800_000)

  it(`leave nothing: ${AT_ONCE} at once`, async () => {
    const before = await readState(place)
    const stage = await sandboxes.makeStage()
    const running = await Promise.all(
      Array.from({ length: AT_ONCE }, () => stage.start(specOf(['/bin/sleep', '1000']))),
    )
    expect((await readState(place)).children).toBeGreaterThanOrEqual(before.children + AT_ONCE)
    for (const sandbox of running) {
      sandbox.output.resume()
      sandbox.kill()
    }
    const exits = await Promise.all(running.map(({ exit }) => exit))
    expect(exits.filter(({ signal }) => signal === 9)).toHaveLength(AT_ONCE)
    await stage.destroy()
    await settle(place, before)
  }, 300_000)
})
