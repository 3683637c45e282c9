import { afterAll, beforeAll, expect, it } from '@jest/globals'
import { makeTestSandboxes, type TestSandboxes } from './testing/sandboxes.js'
import { describeLimited } from './testing/this-host.js'

let sandboxes: TestSandboxes
beforeAll(async () => {
  sandboxes = await makeTestSandboxes()
})
afterAll(() => sandboxes.close())

const MIB = 1024 * 1024

describeLimited('the limits of a sandbox', () => {
  it('kill a program for memory, and the end says so with the peak', async () => {
    const { exit } = await sandboxes.run('exec head -c 200000000 /dev/zero | tail', {
      limits: { memoryBytes: 32 * MIB },
    })
    expect(exit.oomKills).toBeGreaterThan(0)
    expect(exit.memoryPeakBytes).toBeGreaterThan(30 * MIB)
    expect(exit.memoryPeakBytes).toBeLessThanOrEqual(32 * MIB)
  })

  it('count what is in /dev/shm as memory', async () => {
    const { exit, output } = await sandboxes.run(
      'cat /dev/zero >/dev/shm/x; df /dev/shm | tail -1',
      {
        limits: { memoryBytes: 64 * MIB },
        shmBytes: 8 * MIB,
      },
    )
    expect(output).toMatch(/No space left/)
    expect(exit).toMatchObject({ oomKills: 0 })
    expect(exit.memoryPeakBytes).toBeGreaterThan(8 * MIB)
  })

  it('hold a fork bomb, whose end is clean', async () => {
    const { exit } = await sandboxes.run('bomb() { bomb | bomb & }; bomb; sleep 0.3', {
      limits: { pids: 24, memoryBytes: 256 * MIB },
    })
    expect(exit.pidsRefused).toBeGreaterThan(0)
  })

  it('throttle the processor', async () => {
    const { exit } = await sandboxes.run('timeout 1 sh -c "while :; do :; done"', {
      limits: { cpus: 0.2 },
    })
    expect(exit.cpuMs).toBeGreaterThan(20)
    expect(exit.cpuMs).toBeLessThan(exit.wallMs / 2)
  })

  it('are measured also when there are none', async () => {
    const { exit } = await sandboxes.run('head -c 5000000 /dev/urandom | md5sum')
    expect(exit.cpuMs).toBeGreaterThan(0)
    expect(exit.memoryPeakBytes).toBeGreaterThan(0)
    expect(exit).toMatchObject({ code: 0, oomKills: 0, pidsRefused: 0 })
  })
})
