import { afterEach, describe, expect, it } from '@jest/globals'
import type { Launcher } from '../native/lib/types.js'
import { createLauncher, sweepCgroups } from '../native/lib/index.js'
import { silentLog } from './log.js'
import { SteadyLauncher } from './steady-launcher.js'
import { until } from './testing/until.js'

const cgroupParent = `sandpiper/test-steady-${process.pid}`
const ids = { start: 0x70000000, count: 65_536 }
const launchers: Launcher[] = []

async function open(): Promise<Launcher> {
  await sweepCgroups(cgroupParent)
  const launcher = await createLauncher({ cgroupParent })
  launchers.push(launcher)
  return launcher
}

afterEach(async () => {
  for (const launcher of launchers.splice(0)) await launcher.close()
})

describe('SteadyLauncher', () => {
  it('starts another launcher when one has died', async () => {
    const steady = await SteadyLauncher.start(open, silentLog)
    process.kill(launchers[0]!.pid, 'SIGKILL')
    await until('there is another one', () => launchers.length === 2)
    const stage = await steady.createStage({ ids })
    await stage.destroy()
    await steady.close()
    expect(launchers).toHaveLength(2)
  })

  it('starts none after it was closed', async () => {
    const steady = await SteadyLauncher.start(open, silentLog)
    await steady.close()
    await launchers[0]!.closed
    expect(launchers).toHaveLength(1)
    await expect(steady.createStage({ ids })).rejects.toThrow()
  })

  it('tells why it can not be started at all', async () => {
    const failing = SteadyLauncher.start(() => Promise.reject(new Error('no right')), silentLog)
    await expect(failing).rejects.toThrow('no right')
  })
})
