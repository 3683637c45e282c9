import { afterEach, beforeEach, expect, it } from '@jest/globals'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { mkdir, readdir, readFile, readlink } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { readCgroupLayout } from './cgroup/layout.js'
import { buildDirectory } from './addon.js'
import { sweepDeadCgroups } from './cgroup/claim.js'
import { makeCgroupParent, sweepCgroups } from './cgroup/parent.js'
import { createLauncher } from './launcher.js'
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

let sandboxes: TestSandboxes
beforeEach(async () => {
  sandboxes = await makeTestSandboxes()
})
afterEach(() => sandboxes.close())

/** Waits until `condition` holds; the test's own timeout is the limit. */
async function until(condition: () => Promise<boolean> | boolean): Promise<void> {
  while (!(await condition())) await delay(5)
}

/** The cgroup directories of a parent that are there. */
async function cgroupsOf(parent: string): Promise<readonly string[]> {
  const { hierarchies } = await readCgroupLayout()
  return hierarchies.map((hierarchy) => join(hierarchy.mountPoint, parent)).filter(existsSync)
}

/** But those that tests which run beside this one make in directories of their own. */
async function mountsOfHost(): Promise<readonly string[]> {
  const lines = (await readFile('/proc/self/mountinfo', 'utf8')).split('\n')
  const own = sandboxes.root.directory
  return lines.filter((line) => line.includes(own) || !line.includes(` ${dirname(own)}/`))
}

/** Whether a process is there and not a zombie that only waits to be reaped. */
async function alive(pid: number): Promise<boolean> {
  const status = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => '')
  return status !== '' && !/\) [ZX] /.test(status)
}

describeSandboxes('a launcher', () => {
  it('starts sandboxes one after another and side by side', async () => {
    for (let i = 0; i < 50; i++) expect((await sandboxes.run(`exit ${i}`)).exit.code).toBe(i)
    const results = await Promise.all(
      Array.from({ length: 8 }, (_, i) => sandboxes.run(`sleep 0.1; echo ${i}`)),
    )
    expect(results.map((result) => result.output)).toEqual(
      [0, 1, 2, 3, 4, 5, 6, 7].map((i) => `${i}\n`),
    )
  })

  it('leaves no descriptor open, in this process or its own, and no mount on the host', async () => {
    const count = async (pid: number | 'self'): Promise<number> =>
      (await readdir(`/proc/${pid}/fd`)).length
    const run = async (): Promise<void> => {
      const stage = await sandboxes.makeStage()
      await finish(await stage.start(await sandboxes.specOf('true', { limits: { pids: 10 } })))
      await stage.start(await sandboxes.specOf('', { argv: ['/missing'] })).catch(() => undefined)
      const sandbox = await stage.start(await sandboxes.specOf('sleep 1000', { network: 'none' }))
      await finishProcess(await execIn(sandbox, 'true'))
      await sandbox.exec({ argv: ['/missing'], env: {}, cwd: '/' }).catch(() => undefined)
      sandbox.kill()
      await finish(sandbox)
      await stage.destroy()
    }
    await run()
    const mounts = await mountsOfHost()
    const before = [await count('self'), await count(sandboxes.launcher.pid)]
    for (let i = 0; i < 100; i++) await run()
    await until(async () => (await count('self')) <= (before[0] ?? 0))
    expect(await count(sandboxes.launcher.pid)).toBe(before[1])
    expect(await mountsOfHost()).toEqual(mounts)
  })

  it('keeps nothing of a stage that was destroyed', async () => {
    const mounts = async (): Promise<number> =>
      (await readFile(`/proc/${sandboxes.launcher.pid}/mountinfo`, 'utf8')).split('\n').length
    const before = await mounts()
    const stage = await sandboxes.makeStage()
    await finish(await stage.start(await sandboxes.specOf('true')))
    expect(await mounts()).toBeGreaterThan(before)
    await stage.destroy()
    expect(await mounts()).toBe(before)
  })

  it('refuses to destroy a stage whose sandbox runs', async () => {
    const stage = await sandboxes.makeStage()
    const sandbox = await stage.start(await sandboxes.specOf('sleep 100'))
    await expect(stage.destroy()).rejects.toThrow('EBUSY')
    sandbox.kill()
    await sandbox.exit
    await stage.destroy()
    await expect(stage.start(await sandboxes.specOf('true'))).rejects.toThrow('ENOENT')
  })

  it('kills what runs and leaves nothing when it is closed', async () => {
    const sandbox = await sandboxes.stage.start(
      await sandboxes.specOf('trap "" TERM; echo ready; sleep 100', { limits: { pids: 10 } }),
    )
    await outputWith(sandbox, 'ready')
    expect(await cgroupsOf(sandboxes.cgroupParent)).not.toEqual([])
    await sandboxes.launcher.close()
    await sandboxes.launcher.closed
    expect((await sandbox.exit).signal).toBe(9)
    expect(await cgroupsOf(sandboxes.cgroupParent)).toEqual([])
    expect(await alive(sandbox.pid)).toBe(false)
    await expect(sandboxes.stage.start(await sandboxes.specOf('true'))).rejects.toMatchObject({
      code: 'SP_NATIVE_LAUNCHER_GONE',
    })
  })

  it('takes all its sandboxes along when it is killed', async () => {
    const running = await Promise.all(
      [1, 2, 3].map(async () =>
        sandboxes.stage.start(
          await sandboxes.specOf('trap "" TERM; (sleep 100 &); echo ready; sleep 100', {
            limits: { pids: 10, memoryBytes: 2 ** 26 },
          }),
        ),
      ),
    )
    await Promise.all(running.map((sandbox) => outputWith(sandbox, 'ready')))
    const executed = await Promise.all(running.map((sandbox) => execIn(sandbox, 'sleep 1000')))
    process.kill(sandboxes.launcher.pid, 'SIGKILL')
    await sandboxes.launcher.closed
    for (const sandbox of running) {
      await expect(sandbox.exit).rejects.toMatchObject({ code: 'SP_NATIVE_LAUNCHER_GONE' })
      // Only after whoever adopts the launcher's children has reaped what was run in it besides.
      await until(async () => !(await alive(sandbox.pid)))
    }
    for (const process of executed) {
      await expect(process.exit).rejects.toMatchObject({ code: 'SP_NATIVE_LAUNCHER_GONE' })
    }
    const left = await cgroupsOf(join(sandboxes.cgroupParent, running[0]!.name))
    expect(left).toEqual([])
  })

  it('rejects what was asked of it when it is killed', async () => {
    const starts = Promise.allSettled(
      Array.from({ length: 5 }, async () =>
        sandboxes.stage.start(await sandboxes.specOf('sleep 100')),
      ),
    )
    process.kill(sandboxes.launcher.pid, 'SIGKILL')
    await sandboxes.launcher.closed
    for (const start of await starts) {
      if (start.status === 'fulfilled')
        await expect(start.value.exit).rejects.toThrow('launcher ended')
      else expect(start.reason).toMatchObject({ code: 'SP_NATIVE_LAUNCHER_GONE' })
    }
  })

  it('is not in the way of a signal to the terminal: it has a session of its own', async () => {
    const stat = await readFile(`/proc/${sandboxes.launcher.pid}/stat`, 'utf8')
    expect(stat.split(' ')[5]).toBe(String(sandboxes.launcher.pid))
    expect(await readFile(`/proc/${sandboxes.launcher.pid}/environ`, 'utf8')).toBe('')
  })
})

describeSandboxes('when the process that made it is killed', () => {
  it('the launcher ends its sandboxes, what is run in them besides, and removes their cgroups', async () => {
    const parent = `sandpiper/test-orphan-${process.pid}`
    const spec = await sandboxes.specOf('trap "" TERM; sleep 1000', { limits: { pids: 10 } })
    const script = `
      const addon = require(${JSON.stringify(join(process.cwd(), 'native/build/sandpiper.node'))})
      const [configure, createStage, start, exec] = ${JSON.stringify(await orphanFrames(parent, spec))}
        .map((text) => Buffer.from(text, 'base64'))
      let init
      const link = new addon.LauncherLink(
        ${JSON.stringify(join(process.cwd(), 'native/build/sandpiper-launcher'))},
        (reply) => {
          const [type, id] = [reply.readUInt32LE(0), reply.readUInt32LE(4)]
          if (type === 2) console.log('failed', reply.toString('latin1'))
          if (type === 1 && id === 1) link.send(2, 2, createStage)
          if (type === 1 && id === 2) link.sendWithOutputs(4, 3, start, 1)
          if (type === 3 && id === 3) {
            init = reply.readUInt32LE(8)
            link.sendWithOutputs(6, 4, exec, 1)
          }
          if (type === 3 && id === 4) console.log('pid', link.pid, init, reply.readUInt32LE(8))
        },
        () => {},
      )
      link.send(1, 1, configure)`
    const child = spawn(process.execPath, ['-e', script], { stdio: ['ignore', 'pipe', 'inherit'] })
    const [chunk] = (await once(child.stdout, 'data')) as [Buffer]
    const [, launcher, init, exec] = chunk.toString().trim().split(' ')
    expect(await alive(Number(init))).toBe(true)
    expect(await alive(Number(exec))).toBe(true)
    child.kill('SIGKILL')
    await until(async () => !(await alive(Number(launcher))))
    expect(await alive(Number(init))).toBe(false)
    expect(await alive(Number(exec))).toBe(false)
    const names = await Promise.all((await cgroupsOf(parent)).map((path) => readdir(path)))
    expect(names.flat()).not.toContain(spec.name)
    await sweepCgroups(parent)
  })
})

/** Payloads by which a bare addon configures a launcher, makes a stage, and runs a sandbox and an exec in it. */
async function orphanFrames(
  parent: string,
  spec: Awaited<ReturnType<TestSandboxes['specOf']>>,
): Promise<readonly string[]> {
  const { defaultSeccompFilter } = await import('./seccomp/compile.js')
  const { planCgroups } = await import('./cgroup/plan.js')
  const { encodeExec, encodeStage, encodeStart } = await import('./wire/request.js')
  const layout = await readCgroupLayout()
  await makeCgroupParent(layout, parent)
  const stage = encodeStage({ ids: sandboxes.ids })
  const start = encodeStart(2, spec, planCgroups(layout, parent, spec.limits))
  const exec = encodeExec(3, { argv: spec.argv, env: spec.env, cwd: '/' })
  return [await defaultSeccompFilter(), stage, start, exec].map((frame) => frame.toString('base64'))
}

describeSandboxes('sweepCgroups', () => {
  itLimited('kills and removes what a dead runner left', async () => {
    const parent = `sandpiper/test-sweep-${process.pid}`
    await makeCgroupParent(await readCgroupLayout(), parent)
    const [made] = await cgroupsOf(parent)
    const directory = join(made!, 'step')
    await mkdir(directory)
    const child = spawn('/bin/sh', ['-c', `echo $$ >${directory}/cgroup.procs; exec sleep 1000`])
    const exited = once(child, 'exit')
    await until(async () => {
      const procs = await readFile(join(directory, 'cgroup.procs'), 'utf8')
      return procs.includes(String(child.pid))
    })
    await sweepCgroups(parent)
    expect((await exited)[1]).toBe('SIGKILL')
    expect(await cgroupsOf(parent)).toEqual([])
  })

  it('does nothing when there is nothing', async () => {
    await sweepCgroups(`sandpiper/test-nothing-${process.pid}`)
  })
})

describeSandboxes('sweepDeadCgroups', () => {
  itLimited(
    'removes what a launcher that was killed left, and nothing of one that lives',
    async () => {
      const place = `sandpiper/test-dead-${process.pid}`
      const living = await createLauncher({ cgroupParent: `${place}/living` })
      await makeCgroupParent(await readCgroupLayout(), `${place}/dying`)
      const directories = await cgroupsOf(`${place}/dying`)
      const script = `
      const { lockDirectory } = require(${JSON.stringify(join(buildDirectory(), 'sandpiper.node'))})
      for (const directory of ${JSON.stringify(directories)}) lockDirectory(directory)
      console.log('up')
      setInterval(() => {}, 1000)`
      const child = spawn(process.execPath, ['-e', script], {
        stdio: ['ignore', 'pipe', 'inherit'],
      })
      await once(child.stdout, 'data')
      await sweepDeadCgroups(place)
      expect(await cgroupsOf(`${place}/dying`)).toEqual(directories)
      const ended = once(child, 'exit')
      child.kill('SIGKILL')
      await ended
      await sweepDeadCgroups(place)
      expect(await cgroupsOf(`${place}/dying`)).toEqual([])
      expect(await cgroupsOf(`${place}/living`)).toHaveLength(directories.length)
      await living.close()
      expect(await cgroupsOf(place)).toEqual([])
    },
  )
})

describeSandboxes('createLauncher', () => {
  it('names a launcher that is not there', async () => {
    const cgroupParent = `sandpiper/test-none-${process.pid}`
    await expect(
      createLauncher({ cgroupParent, launcherPath: '/no/launcher' }),
    ).rejects.toMatchObject({
      code: 'ENOENT',
      syscall: 'posix_spawn',
      path: '/no/launcher',
    })
    await sweepCgroups(cgroupParent)
  })

  it('rejects when the program is no launcher', async () => {
    const cgroupParent = `sandpiper/test-false-${process.pid}`
    await expect(
      createLauncher({ cgroupParent, launcherPath: '/bin/false' }),
    ).rejects.toMatchObject({
      code: 'SP_NATIVE_LAUNCHER_GONE',
    })
    expect(await cgroupsOf(cgroupParent)).toEqual([])
  })

  it('refuses a cgroup parent that leads elsewhere', async () => {
    for (const cgroupParent of ['', '/abs', '../up', 'a/../b', 'a//b', 'a/.']) {
      await expect(createLauncher({ cgroupParent })).rejects.toMatchObject({
        code: 'SP_NATIVE_SPEC',
      })
    }
  })

  it('has an executable that this process can be seen to have started', async () => {
    expect(await readlink(`/proc/${sandboxes.launcher.pid}/exe`)).toMatch(/launcher/)
  })
})
