import { afterEach, beforeEach, describe, expect, it } from '@jest/globals'
import type { BuildRow } from '../store/builds.js'
import { findBuildById } from '../store/builds.js'
import { updateStage } from '../store/stages.js'
import { addBuildTo, stageOf, stagePlan, storeStages } from '../testing/plans.js'
import type { LabServer } from './testing/queue-lab.js'
import { QueueLab } from './testing/queue-lab.js'

let lab: QueueLab
let server: LabServer
beforeEach(async () => {
  lab = await QueueLab.create()
  server = lab.server()
})
afterEach(async () => {
  await lab.remove()
})

describe('the queues', () => {
  it('get every pending stage, however many before it nobody takes', async () => {
    for (let count = 0; count < 5; count += 1) await lab.push()
    expect(await server.backlog.all()).toBe(5)
    await lab.push()
    expect(await server.backlog.all()).toBe(1)
    expect(await server.backlog.all()).toBe(0)
  })

  it('are closed when others were used since', async () => {
    for (const gpu of ['1', '2', '3', '1', '4']) await lab.push({ gpu })
    expect(await server.backlog.all()).toBe(5)
    expect(server.queues.open).toEqual(
      ['1', '4'].map((gpu) => `stage-linux-amd64-label.gpu=${gpu}`),
    )
    expect(await server.backlog.all()).toBe(0)
  })
})

describe('the reconciler', () => {
  it('comes to every open build, round after round', async () => {
    const builds: BuildRow[] = []
    for (let count = 0; count < 5; count += 1) builds.push(await lab.push())
    const rounds = server.reconciler
    const last = await stageOf(lab.db, builds[4]!)
    for (const id of [builds[4]!.id, builds[0]!.id]) {
      const stage = id === builds[4]!.id ? last : await stageOf(lab.db, builds[0]!)
      // As nothing of ours does it: the build is not advanced.
      await updateStage(lab.db, stage.id, { status: 'success', updated: 5 })
      for (let round = 0; round < 3; round += 1) await rounds.reconcile()
      expect((await findBuildById(lab.db, id))?.status).toBe('success')
    }
  })

  it('ends what no runner takes within its time, and gives the turn on', async () => {
    const concurrency = { group: 'g', limit: 1, cancelPrevious: false }
    const plan = stagePlan({ labels: { gpu: 'yes', zone: 'b' }, concurrency })
    const [first, second] = [
      await addBuildTo(lab.db, lab.repoId),
      await addBuildTo(lab.db, lab.repoId),
    ]
    await storeStages(lab.db, first, [plan], lab.now)
    await storeStages(lab.db, second, [stagePlan({ concurrency })], lab.now)
    const rounds = server.reconciler
    lab.now += 60 * 60_000 - 1
    await rounds.reconcile()
    expect((await stageOf(lab.db, first)).status).toBe('pending')
    lab.now += 1
    await rounds.reconcile()
    expect(await stageOf(lab.db, first)).toMatchObject({
      status: 'error',
      error: 'no runner with labels gpu=yes, zone=b, platform linux/amd64 took it within 60m',
    })
    expect((await findBuildById(lab.db, first.id))?.status).toBe('error')
    expect(await stageOf(lab.db, second)).toMatchObject({ status: 'pending', queued: lab.now })
    await rounds.reconcile()
    expect((await stageOf(lab.db, second)).status).toBe('pending')
  })

  it('counts that time only while runners are heard', async () => {
    const build = await lab.push()
    lab.now += 24 * 60 * 60_000
    const rounds = lab.server().reconciler
    await rounds.reconcile()
    expect((await stageOf(lab.db, build)).status).toBe('pending')
  })
})
