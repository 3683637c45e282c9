import { afterAll, beforeAll, expect } from '@jest/globals'
import { readdir, readFile } from 'node:fs/promises'
import { itLimited } from './testing/this-host.js'
import {
  describeSandboxes,
  finish,
  makeTestSandboxes,
  type TestSandboxes,
} from './testing/sandboxes.js'

let sandboxes: TestSandboxes
beforeAll(async () => {
  sandboxes = await makeTestSandboxes()
})
afterAll(() => sandboxes.close())

async function janitor(): Promise<number | undefined> {
  const { pid } = sandboxes.launcher
  const children = await readFile(`/proc/${pid}/task/${pid}/children`, 'utf8')
  for (const child of children.split(' ').filter(Boolean)) {
    const name = await readFile(`/proc/${child}/comm`, 'utf8').catch(() => '')
    if (name.startsWith('sandpiper-jani')) return Number(child)
  }
  return undefined
}

const cgroupsLeft = async (): Promise<readonly string[]> => {
  const names = await readdir(`/sys/fs/cgroup/pids/${sandboxes.cgroupParent}`).catch(() => [])
  return names.filter((name) => /^s\d+$/.test(name))
}

describeSandboxes('the janitor', () => {
  itLimited('has taken away what sandboxes leave when their stage is destroyed', async () => {
    const stage = await sandboxes.makeStage()
    const specs = await Promise.all(
      Array.from({ length: 20 }, () => sandboxes.specOf('true', { limits: { pids: 50 } })),
    )
    const started = await Promise.all(specs.map((spec) => stage.start(spec)))
    await Promise.all(started.map(finish))
    await stage.destroy()
    expect(await cgroupsLeft()).toEqual([])
  })

  itLimited('is done without when it is killed, also in the middle of its work', async () => {
    const stage = await sandboxes.makeStage()
    const running = Array.from({ length: 30 }, async () =>
      finish(await stage.start(await sandboxes.specOf('true', { limits: { pids: 50 } }))),
    )
    await running[0]
    process.kill((await janitor())!, 'SIGKILL')
    const ends = await Promise.all(running)
    expect(ends.map(({ exit }) => exit.code)).toEqual(ends.map(() => 0))
    expect((await sandboxes.run('echo on')).output).toBe('on\n')
    await stage.destroy()
    expect(await cgroupsLeft()).toEqual([])
    expect(await janitor()).toBeUndefined()
  })
})
