import { afterAll, beforeAll, describe, expect, it } from '@jest/globals'
import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { mkdir, rm, rmdir, writeFile } from 'node:fs/promises'
import { findLeftovers } from '../support/leftovers.js'

/** Runs after every other suite, on a host where nothing of ours should be left. */
describe('after all suites', () => {
  it('no mount, cgroup, process, id range or directory of ours is left', async () => {
    expect(await findLeftovers()).toEqual([])
  })
})

describe('the search for leftovers', () => {
  const cgroup = '/sys/fs/cgroup/pids/sandpiper/left-over'
  const locks = '/run/sandpiper/ids'
  let sleeper: ChildProcess

  beforeAll(async () => {
    sleeper = spawn('sleep', ['60'], { uid: 0x70000000 + 65_536, stdio: 'ignore' })
    await mkdir(cgroup, { recursive: true })
    await mkdir(locks, { recursive: true })
    await writeFile(`${locks}/7`, '')
  })

  afterAll(async () => {
    const ended = once(sleeper, 'exit')
    sleeper.kill()
    await ended
    await rmdir(cgroup)
    await rmdir('/sys/fs/cgroup/pids/sandpiper')
    await rm('/run/sandpiper', { recursive: true })
  })

  it('would find a cgroup, a lock directory and a process with an id of a stage', async () => {
    const kinds = (await findLeftovers()).map((line) => line.split(':')[0])
    expect(new Set(kinds)).toEqual(new Set(['cgroup', 'lock directory', 'process']))
  })
})
