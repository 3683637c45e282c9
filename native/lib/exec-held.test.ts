import { afterAll, beforeAll, expect, it } from '@jest/globals'
import { readFile } from 'node:fs/promises'
import type { NativeError } from './error.js'
import {
  describeSandboxes,
  execIn,
  finish,
  finishProcess,
  makeTestSandboxes,
  outputWith,
  type TestSandboxes,
} from './testing/sandboxes.js'

let sandboxes: TestSandboxes
beforeAll(async () => {
  sandboxes = await makeTestSandboxes()
})
afterAll(() => sandboxes.close())

/** Processor time that the launcher has used, in ticks of 10 ms. */
async function launcherTicks(): Promise<number> {
  const stat = await readFile(`/proc/${sandboxes.launcher.pid}/stat`, 'utf8')
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
  return Number(fields[11]) + Number(fields[12])
}

async function launcherChildren(): Promise<readonly string[]> {
  const { pid } = sandboxes.launcher
  const children = await readFile(`/proc/${pid}/task/${pid}/children`, 'utf8')
  return children.split(' ').filter(Boolean)
}

describeSandboxes('the launcher', () => {
  it('goes on when a program that has ended is kept by who traces it', async () => {
    const sandbox = await sandboxes.stage.start(await sandboxes.specOf('attempt trace-others'))
    await outputWith(sandbox, 'looking')
    for (let round = 0; round < 40; round++) {
      const traced = await execIn(sandbox, 'exec attempt be-traced')
      expect((await traced.exit).signal).toBe(9)
    }
    const before = await launcherTicks()
    expect((await sandboxes.run('sleep 1; echo other')).output).toBe('other\n')
    expect((await launcherTicks()) - before).toBeLessThan(30)
    sandbox.kill()
    await finish(sandbox)
  })

  it('rests while programs run', async () => {
    const sandbox = await sandboxes.stage.start(await sandboxes.specOf('sleep 1000'))
    const before = await launcherTicks()
    expect((await finishProcess(await execIn(sandbox, 'sleep 2'))).exit.code).toBe(0)
    expect((await launcherTicks()) - before).toBeLessThan(50)
    sandbox.kill()
    await finish(sandbox)
  })

  it('takes no stop of a program that makes it trace it for its end', async () => {
    const sandbox = await sandboxes.stage.start(await sandboxes.specOf('attempt stop-traced'))
    await outputWith(sandbox, 'stopping')
    const stopped = await execIn(sandbox, 'exec attempt stop-traced')
    await outputWith(stopped, 'stopping')
    expect((await finishProcess(await execIn(sandbox, 'echo on'))).output).toBe('on\n')
    const early = await Promise.race([stopped.exit, sandbox.exit, Promise.resolve('none')])
    expect(early).toBe('none')
    stopped.kill()
    expect((await stopped.exit).signal).toBe(9)
    sandbox.kill()
    expect((await finish(sandbox)).exit.signal).toBe(9)
  })

  it('reaps what programs leave to it, which would keep their sandbox', async () => {
    const sandbox = await sandboxes.stage.start(await sandboxes.specOf('sleep 1000'))
    const leaving = await execIn(sandbox, 'exec attempt leave-to-parent')
    expect((await leaving.exit).code).toBe(0)
    sandbox.kill()
    await finish(sandbox)
  })

  it('gives up a program that is stopped while it starts', async () => {
    const sandbox = await sandboxes.stage.start(await sandboxes.specOf('attempt stop-starting'))
    await outputWith(sandbox, 'looking')
    let held = 0
    for (let round = 0; round < 60; round++) {
      const signal = AbortSignal.timeout(100)
      const spec = { argv: ['/bin/true'], env: {}, cwd: '/', signal }
      const result = await sandbox.exec(spec).then(
        ({ exit }) => exit.then(() => 'ran'),
        (error: unknown) => (error as NativeError).code,
      )
      if (result === 'SP_NATIVE_ABORTED') held += 1
      else expect(result).toBe('ran')
    }
    expect(held).toBeGreaterThan(0)
    // Only the init is left, and the janitor: a held helper would stay for as long as the sandbox.
    while ((await launcherChildren()).length > 2) continue
    sandbox.kill()
    await finish(sandbox)
  })
})
