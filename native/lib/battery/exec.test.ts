import { afterAll, beforeAll, expect, it } from '@jest/globals'
import {
  describeSandboxes,
  finish,
  finishProcess,
  makeTestSandboxes,
  outputWith,
  type TestSandboxes,
} from '../testing/sandboxes.js'
import { tamperedLauncher, withoutGuards } from '../testing/tampered.js'
import type { Sandbox } from '../types.js'
import type { Guard } from './row.js'

let tampered: TestSandboxes
beforeAll(async () => {
  tampered = await makeTestSandboxes(tamperedLauncher())
})
afterAll(() => tampered.close())

/** Runs a further program in a sandbox, without some of its guards. */
async function execWithout(
  sandbox: Sandbox,
  off: readonly Guard[],
  ...argv: readonly string[]
): Promise<string> {
  const process = await sandbox.exec({ argv, ...withoutGuards(off), cwd: '/' })
  return (await finishProcess(process)).output.trim()
}

describeSandboxes('a program that is run in a sandbox besides its own', () => {
  const rows: readonly (readonly [string, string, string, readonly Guard[]])[] = [
    ['has-capability:21', 'EPERM', 'ok', ['capabilities']],
    ['may-gain-privileges', 'EPERM', 'ok', ['no-new-privs', 'seccomp']],
    ['unshare-user', 'EPERM', 'ok', ['seccomp']],
    ['leaked-descriptors', 'EBADF', 'ok', ['close-range', 'close-on-exec']],
    ['foreign-session', 'ESRCH', 'ok', ['session']],
  ]
  it.each(rows)('is held as that is: %s', async (attempt, refused, open, guards) => {
    const sandbox = await tampered.stage.start(await tampered.specOf('exec sleep 1000'))
    const run = (off: readonly Guard[]): Promise<string> =>
      execWithout(sandbox, off, '/bin/attempt', attempt)
    expect(await run([])).toBe(`${attempt} ${refused}`)
    expect(await run(guards)).toBe(`${attempt} ${open}`)
    sandbox.kill()
    await finish(sandbox)
  })

  // exec-hostile.test.ts has that it gives nothing.
  it('would give the launcher to who looks at it before it is a program (CVE-2016-9962)', async () => {
    let seen = ''
    for (let round = 0; round < 10 && !seen.includes('got'); round++) {
      const watching = await tampered.stage.start(
        await tampered.specOf('echo up; attempt watch:1000 & attempt watch:1000; wait'),
      )
      await outputWith(watching, 'up')
      const ended = finish(watching).then(({ output }) => (seen += output))
      const over = watching.exit.then(() => true)
      const run = (): Promise<boolean> =>
        execWithout(watching, ['undumpable'], '/bin/true').then(
          () => false,
          () => false,
        )
      while (!(await Promise.race([over, run()]))) continue
      await ended
    }
    expect(seen).toMatch(/got (exe|maps|memory|ptrace|descriptor)/)
  }, 60_000)
})
