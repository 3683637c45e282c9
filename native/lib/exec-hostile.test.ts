import { itOnTime } from './testing/slowness.js'
import { afterAll, beforeAll, expect, it } from '@jest/globals'
import { readFile } from 'node:fs/promises'
import {
  describeSandboxes,
  execIn,
  finish,
  finishProcess,
  makeTestSandboxes,
  outputWith,
  type TestSandboxes,
} from './testing/sandboxes.js'
import { itLimited } from './testing/this-host.js'
import type { NativeError } from './error.js'
import { slowness } from './testing/slowness.js'

let sandboxes: TestSandboxes
beforeAll(async () => {
  sandboxes = await makeTestSandboxes()
})
afterAll(() => sandboxes.close())

/** What an exec came to: how the program ended, or the code of the error. */
async function outcome(start: ReturnType<typeof execIn>): Promise<string> {
  try {
    const { exit } = await finishProcess(await start)
    return exit.signal === null ? `code ${exit.code}` : `signal ${exit.signal}`
  } catch (error) {
    return (error as NativeError).code
  }
}

/** Signals one child of a launcher that is to become a program, or one that is to start it. */
async function signalStarting(launcher: number, signal: NodeJS.Signals): Promise<boolean> {
  const children = await readFile(`/proc/${launcher}/task/${launcher}/children`, 'utf8')
  for (const pid of children.split(' ').filter(Boolean)) {
    const name = await readFile(`/proc/${pid}/comm`, 'utf8').catch(() => '')
    if (name !== 'sandpiper-exec\n') continue
    try {
      process.kill(Number(pid), signal)
      return true
    } catch {
      // It has ended by itself.
    }
  }
  return false
}

describeSandboxes('programs that are run in a sandbox', () => {
  it('while it ends either run or are told that it has ended, and never keep it', async () => {
    const outcomes = new Set<string>()
    for (let round = 0; round < 40; round++) {
      // Ended from inside and from outside, sooner and later.
      const spec = await sandboxes.specOf(round % 2 === 0 ? 'echo up' : 'echo up; sleep 1000', {
        limits: { pids: 100, memoryBytes: 2 ** 27 },
      })
      const sandbox = await sandboxes.stage.start(spec)
      const starts = Array.from({ length: 1 + (round % 8) }, () => outcome(execIn(sandbox, ':')))
      if (round % 4 === 1) await starts[0]
      sandbox.kill()
      starts.push(...Array.from({ length: 4 }, () => outcome(execIn(sandbox, ':'))))
      const all = await Promise.all([...starts, finish(sandbox).then(() => 'ended')])
      for (const one of all) outcomes.add(one)
    }
    expect([...outcomes].sort()).toEqual(
      expect.arrayContaining(['SP_NATIVE_ENDED', 'code 0', 'ended']),
    )
    const allowed = ['SP_NATIVE_ENDED', 'code 0', 'ended', 'signal 9']
    expect([...outcomes].filter((one) => !allowed.includes(one))).toEqual([])
  })

  itOnTime(
    'never keep it from ending, whenever their processes are killed while they start',
    async () => {
      const outcomes = new Set<string>()
      // On a busy machine it can take a while to catch one that is still starting.
      for (let round = 0; round < 5 || (!outcomes.has('ECANCELED') && round < 50); round++) {
        const sandbox = await sandboxes.stage.start(await sandboxes.specOf('sleep 1000'))
        const starts = Array.from({ length: 20 }, () => outcome(execIn(sandbox, ':')))
        const all = Promise.all(starts).then(() => true)
        const kill = () => signalStarting(sandboxes.launcher.pid, 'SIGKILL').then(() => false)
        while (!(await Promise.race([all, kill()]))) continue
        for (const one of await Promise.all(starts)) outcomes.add(one)
        sandbox.kill()
        await finish(sandbox)
      }
      expect(outcomes).toContain('ECANCELED')
      const allowed = ['ECANCELED', 'code 0', 'signal 9']
      expect([...outcomes].filter((one) => !allowed.includes(one))).toEqual([])
    },
  )

  it('are given up with it when they are held up while they start', async () => {
    const stage = await sandboxes.makeStage()
    for (let round = 0; round < 8; round++) {
      const sandbox = await stage.start(
        await sandboxes.specOf('sleep 1000', { limits: { pids: 100, memoryBytes: 2 ** 26 } }),
      )
      const starts: Promise<string>[] = []
      do {
        if (starts.length < 8) starts.push(outcome(execIn(sandbox, ':')))
      } while (!(await signalStarting(sandboxes.launcher.pid, 'SIGSTOP')) && starts.length < 8)
      sandbox.kill()
      await finish(sandbox)
      for (const one of await Promise.all(starts)) {
        expect(['SP_NATIVE_ENDED', 'code 0', 'signal 9']).toContain(one)
      }
    }
    await stage.destroy()
  })

  it('are many, one after another and side by side', async () => {
    const sandbox = await sandboxes.stage.start(await sandboxes.specOf('sleep 1000'))
    for (let round = 0; round < 10; round++) {
      const codes = Array.from({ length: 20 }, (_, index) => index)
      const outcomes = codes.map((code) => outcome(execIn(sandbox, `exit ${code}`)))
      expect(await Promise.all(outcomes)).toEqual(codes.map((code) => `code ${code}`))
    }
    sandbox.kill()
    await finish(sandbox)
  })

  it('give nothing of the launcher to who looks at them before they are programs', async () => {
    const watching = await sandboxes.stage.start(
      await sandboxes.specOf('echo up; attempt watch:2500 & attempt watch:2500; wait'),
    )
    const reading = outputWith(watching, 'seen')
    const all = finish(watching)
    let execs = 0
    const watchingEnds = watching.exit.then(() => true)
    while (!(await Promise.race([watchingEnds, outcome(execIn(watching, ':')).then(() => false)])))
      execs += 1
    await reading
    const { output } = await all
    expect(execs).toBeGreaterThan(50 / slowness)
    expect(output).toMatch(/seen [1-9]/)
    expect(output).not.toContain('got')
  })

  itLimited('count to the processes of the sandbox', async () => {
    const sandbox = await sandboxes.stage.start(
      await sandboxes.specOf('sleep 1000', { limits: { pids: 24 } }),
    )
    const bomb = await execIn(sandbox, 'bomb() { bomb | bomb & }; bomb; exec sleep 1000')
    await outputWith(bomb, 'fork')
    sandbox.kill()
    expect((await finish(sandbox)).exit.pidsRefused).toBeGreaterThan(0)
  })

  itLimited('count to the memory of the sandbox', async () => {
    const sandbox = await sandboxes.stage.start(
      await sandboxes.specOf('sleep 1000', { limits: { memoryBytes: 2 ** 25 } }),
    )
    expect(await outcome(execIn(sandbox, 'exec tail /dev/zero'))).toBe('signal 9')
    sandbox.kill()
    expect((await finish(sandbox)).exit.oomKills).toBeGreaterThan(0)
  })
})
