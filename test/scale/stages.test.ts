import { afterAll, beforeAll, expect, it } from '@jest/globals'
import { readdir } from 'node:fs/promises'
import path from 'node:path'
import { describeSandboxes } from '../../native/lib/testing/sandboxes.js'
import { makeJob, openTestHost, runJob, step, type TestHost } from '../../runner/testing/stages.js'
import { cgroupsBelow, eventually } from '../support/launcher-state.js'

/** So many stages one after another; SANDPIPER_TEST_SCALE=all: ten times as many. */
const STAGES = process.env['SANDPIPER_TEST_SCALE'] === 'all' ? 100 : 10
const STEPS = Array.from({ length: 6 }, (_, i) => step(`step-${i}`, [`echo ${i} >>file; cat file`]))

let host: TestHost
beforeAll(async () => {
  host = await openTestHost()
})
afterAll(() => host.remove())

/** Everything below the data directory, but layers, which stay. */
async function files(): Promise<readonly string[]> {
  const all = await readdir(host.directory, { recursive: true })
  return all.filter((name) => !name.startsWith('layers')).sort()
}

async function runStages(count: number): Promise<void> {
  for (let stageId = 1; stageId <= count; stageId++) {
    const { outcome } = await runJob(host, makeJob(STEPS, { stageId }))
    expect(outcome.status).toBe('success')
  }
}

describeSandboxes('many stages of a runner', () => {
  it(`leave no id range, file or cgroup: ${STAGES} of ${STEPS.length} steps each`, async () => {
    const { dataDir, deps } = host.host
    const parent = path.join('sandpiper', dataDir.runnerId)
    await runStages(2)
    await deps.trash.idle()
    const before = await files()
    const cgroups = await cgroupsBelow(parent)
    await runStages(STAGES)
    await deps.trash.idle()
    expect(await files()).toEqual(before)
    await eventually('the cgroups are gone', async () => {
      return (await cgroupsBelow(parent)).length <= cgroups.length
    })
  }, 600_000)
})
