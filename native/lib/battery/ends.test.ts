import { afterAll, beforeAll, expect, it } from '@jest/globals'
import { readdir, readFile } from 'node:fs/promises'
import {
  describeSandboxes,
  finish,
  makeTestSandboxes,
  outputWith,
  type TestSandboxes,
} from '../testing/sandboxes.js'
import { HAS_LIMITS } from '../testing/this-host.js'
import { tamperedLauncher, withoutGuards } from '../testing/tampered.js'
import type { Sandbox, SandboxSpec } from '../types.js'
import { isInHostUserNamespace } from '../user-namespace.js'

let product: TestSandboxes
let tampered: TestSandboxes
beforeAll(async () => {
  product = await makeTestSandboxes()
  tampered = await makeTestSandboxes(tamperedLauncher())
})
afterAll(async () => {
  await product.close()
  await tampered.close()
})

/** Pids, in the host's namespace, of the processes that run `attempt` with this argument. */
async function pidsOf(mark: string): Promise<readonly number[]> {
  const found: number[] = []
  for (const name of await readdir('/proc')) {
    if (!/^\d+$/.test(name)) continue
    const command = await readFile(`/proc/${name}/cmdline`, 'utf8').catch(() => '')
    if (command.split('\0').includes(mark)) found.push(Number(name))
  }
  return found
}

let marks = 0
/** Starts `attempt ACT MARK`, whose mark no other process has. */
async function start(
  sandboxes: TestSandboxes,
  act: string,
  changes: Partial<SandboxSpec> = {},
): Promise<{ sandbox: Sandbox; mark: string }> {
  const mark = `mark-${process.pid}-${++marks}`
  const argv = ['/bin/attempt', act, mark]
  const sandbox = await sandboxes.stage.start(await sandboxes.specOf('', { argv, ...changes }))
  return { sandbox, mark }
}

describeSandboxes('the end of a step', () => {
  it('is that of a daemon that ignores SIGTERM, in a session of its own', async () => {
    const { sandbox, mark } = await start(product, 'daemon')
    const { output } = await finish(sandbox)
    expect(output).toMatch(/daemon \d/)
    expect(await pidsOf(mark)).toEqual([])
  })

  it('can not be put off by taking all time from the init', async () => {
    const starve = 'attempt init-idle; attempt init-affinity; attempt init-nice'
    const hogs = 'for i in $(seq 100); do taskset 1 sh -c "while :; do :; done" & done'
    // Without the filter that refuses it, the launcher gives it its time again.
    for (const [sandboxes, off] of [
      [product, {}],
      [tampered, withoutGuards(['seccomp'])],
    ] as const) {
      const limits = HAS_LIMITS ? { cpus: 0.5 } : {}
      const spec = await sandboxes.specOf(`${starve}; ${hogs}; echo up; wait`, { limits, ...off })
      const sandbox = await sandboxes.stage.start(spec)
      const output = await outputWith(sandbox, 'up')
      expect(output).toContain(sandboxes === product ? 'init-idle EPERM' : 'init-idle ok')
      sandbox.kill()
      expect((await finish(sandbox)).exit.signal).toBe(9)
    }
  })

  // An ordinary user can mount no /proc of the host's pid namespace.
  const prove = isInHostUserNamespace() ? it : it.skip
  prove('would not be without a pid namespace and a cgroup', async () => {
    const off = withoutGuards(['pid-namespace', 'cgroups'])
    const { sandbox, mark } = await start(tampered, 'daemon', off)
    await finish(sandbox)
    const pids = await pidsOf(mark)
    for (const pid of pids) process.kill(pid, 'SIGKILL')
    expect(pids).toHaveLength(1)
  })

  it('comes by kill() when all of it is stopped, and leaves nothing', async () => {
    const { sandbox, mark } = await start(product, 'stopped')
    await outputWith(sandbox, 'stopping')
    expect(await pidsOf(mark)).not.toEqual([])
    sandbox.terminate()
    sandbox.kill()
    expect((await finish(sandbox)).exit.signal).toBe(9)
    expect(await pidsOf(mark)).toEqual([])
  })
})
