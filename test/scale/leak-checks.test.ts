import { afterAll, beforeAll, expect, it } from '@jest/globals'
import { closeSync, openSync } from 'node:fs'
import { mkdir, rmdir } from 'node:fs/promises'
import path from 'node:path'
import { readCgroupLayout } from '../../native/lib/cgroup/layout.js'
import {
  describeSandboxes,
  makeTestSandboxes,
  type TestSandboxes,
} from '../../native/lib/testing/sandboxes.js'
import type { Sandbox, WritableLayer } from '../../native/lib/types.js'
import { imagePattern } from '../../runner/writable/image-pattern.js'
import {
  growth,
  readState,
  settle,
  type LauncherPlace,
  type LauncherState,
} from '../support/launcher-state.js'

/** Each number that the suites for leaks watch, seen to grow by a leak that is made here. */
let sandboxes: TestSandboxes
let place: LauncherPlace
let before: LauncherState

beforeAll(async () => {
  sandboxes = await makeTestSandboxes()
  const { launcher, cgroupParent, root } = sandboxes
  place = { pid: launcher.pid, cgroupParent, directory: root.directory }
  before = await readState(place)
})
afterAll(() => sandboxes.close())

/** Names of what has grown. */
async function grown(): Promise<readonly string[]> {
  return growth(before, await readState(place)).map((line) => line.split(' ')[0]!)
}

async function startSleeper(writable?: WritableLayer): Promise<Sandbox> {
  const spec = await sandboxes.specOf('sleep 1000')
  const root = writable ? { ...spec.root, writable } : spec.root
  return sandboxes.stage.start({ ...spec, root })
}

describeSandboxes('the checks for leaks', () => {
  it('see a descriptor that stays open', async () => {
    const fd = openSync('/dev/null', 'r')
    expect(await grown()).toEqual(['ownFds'])
    await expect(settle(place, before, 20)).rejects.toThrow('left behind: ownFds')
    closeSync(fd)
    await settle(place, before)
  })

  it('see a cgroup that stays', async () => {
    const { hierarchies } = await readCgroupLayout()
    const cgroup = path.join(hierarchies[0]!.mountPoint, sandboxes.cgroupParent, 'left-over')
    await mkdir(cgroup)
    expect(await grown()).toEqual(['cgroups'])
    await rmdir(cgroup)
    await settle(place, before)
  })

  it('see a stage that stays: its mounts, its directory and the descriptors of its namespaces', async () => {
    const stage = await sandboxes.makeStage()
    expect(await grown()).toEqual(expect.arrayContaining(['launcherFds', 'mounts', 'stages']))
    await stage.destroy()
    await settle(place, before)
  })

  it('see a sandbox that stays: its init, its descriptors and its cgroups', async () => {
    const sandbox = await startSleeper()
    expect(await grown()).toEqual(
      expect.arrayContaining(['children', 'launcherFds', 'ownFds', 'cgroups']),
    )
    sandbox.kill()
    sandbox.output.resume()
    await settle(place, { ...before, mounts: Infinity })
  })

  it('see an image that stays: its loop device', async () => {
    const { directory } = sandboxes.root
    const pattern = await imagePattern(directory, 16 * 1024 * 1024)
    const sandbox = await startSleeper({ kind: 'image', pattern, directory })
    expect(await grown()).toContain('loops')
    sandbox.kill()
    sandbox.output.resume()
    await settle(place, { ...before, mounts: Infinity })
  })
})
