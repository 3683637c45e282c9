import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals'
import { stageQueue } from '../../protocol/keys.js'
import type { BuildRow } from '../store/builds.js'
import { addBuildTo, stageOf, stagePlan, storeStages } from '../testing/plans.js'
import { until } from '../testing/until.js'
import type { LabServer } from './testing/queue-lab.js'
import { PART_MAX, QueueLab } from './testing/queue-lab.js'

const QUEUE = stageQueue({ os: 'linux', arch: 'amd64' })
const STAGES = 2 * PART_MAX + 1

let lab: QueueLab
let server: LabServer
let builds: BuildRow[]
beforeEach(async () => {
  lab = await QueueLab.create()
  server = lab.server()
  builds = []
  for (let count = 0; count < STAGES; count += 1) builds.push(await lab.push())
  await server.reconciler.reconcile()
  expect(await queued()).toBe(STAGES)
})
afterEach(async () => {
  await lab.remove()
})

async function keyOf(build: BuildRow): Promise<string> {
  return `${lab.keys.bullPrefix}:${QUEUE}:stage-${(await stageOf(lab.db, build)).id}-1`
}

async function queued(): Promise<number> {
  return lab.redis.exists(...(await Promise.all(builds.map(keyOf))))
}

/** As no server does it: nothing tells of it. */
async function loseSilently(lost: readonly BuildRow[]): Promise<void> {
  await lab.redis.del(...(await Promise.all(lost.map(keyOf))))
}

describe('the round after a loss queues all that waits, however long the backlog', () => {
  it('when Redis was emptied', async () => {
    await lab.redis.flushall()
    await server.reconciler.reconcile()
    expect(await queued()).toBe(STAGES)
  })

  it('when Redis came back with less than it had, the mark included', async () => {
    const mark = await lab.redis.get(lab.keys.queueMark)
    await loseSilently(builds)
    await lab.restartRedis()
    expect(await lab.redis.get(lab.keys.queueMark)).toBe(mark)
    await server.reconciler.reconcile()
    expect(await queued()).toBe(STAGES)
  })

  it('when a new connection may be one to another Redis, as its user may not ask which', async () => {
    // The client says that it can't look whether Redis is loading.
    const warning = jest.spyOn(console, 'warn').mockImplementation(() => undefined)
    await lab.redis.acl('SETUSER', 'default', '-info')
    await server.reconciler.reconcile()
    await loseSilently(builds)
    lab.redis.disconnect(true)
    await until(() => lab.redis.status !== 'ready')
    await until(() => lab.redis.status === 'ready')
    warning.mockRestore()
    await server.reconciler.reconcile()
    expect(await queued()).toBe(STAGES)
  })

  it('on every server, whichever of them made the new mark', async () => {
    const other = lab.server()
    await other.reconciler.reconcile()
    await lab.redis.flushall()
    await server.reconciler.reconcile()
    await loseSilently(builds)
    await other.reconciler.reconcile()
    expect(await queued()).toBe(STAGES)
  })

  it('when something did not get to its queue', async () => {
    await loseSilently(builds)
    server.dispatcher.background(() => Promise.reject(new Error('Redis is away')))
    await server.dispatcher.settled()
    await server.reconciler.reconcile()
    expect(await queued()).toBe(STAGES)
  })

  it('when what waits was taken off to come back with other priorities', async () => {
    const grown = (share: number) => lab.db.updateTable('stages').set({ share })
    for (const [index, { id }] of builds.entries()) {
      await grown(400_001 + index)
        .where('build_id', '=', id)
        .execute()
    }
    const last = await lab.push()
    await server.enqueuer.enqueueBuild(last.id)
    expect(await queued()).toBe(0)
    await server.reconciler.reconcile()
    expect(await queued()).toBe(STAGES)
  })

  it('when the round before did not get to the end', async () => {
    await lab.redis.flushall()
    const fail = jest.spyOn(server.queues, 'missing').mockRejectedValueOnce(new Error('away'))
    await server.reconciler.reconcile()
    expect(await queued()).toBe(0)
    fail.mockRestore()
    await server.reconciler.reconcile()
    expect(await queued()).toBe(STAGES)
  })

  it('but for stages that get no job, which keep nobody else from it', async () => {
    await lab.redis.flushall()
    await lab.db
      .updateTable('builds')
      .set({ event_json: '{' })
      .where('id', '=', builds[1]!.id)
      .execute()
    const broken = await stageOf(lab.db, builds[0]!)
    lab.seal = ({ stage }) =>
      stage.id === broken.id ? Promise.reject(new Error('unreadable')) : Promise.resolve(undefined)
    await server.reconciler.reconcile()
    // The build after the unreadable one is told what that was.
    expect(await queued()).toBe(STAGES - 3)
  })

  it('and every build that is not compiled, though the queue of these has work', async () => {
    const waiting = [await addBuildTo(lab.db, lab.repoId), await addBuildTo(lab.db, lab.repoId)]
    await lab.redis.flushall()
    await lab.ingest.add([waiting[1]!.id])
    await server.reconciler.reconcile()
    const keys = waiting.map(({ id }) => `${lab.keys.bullPrefix}:ingest:ingest-${id}`)
    expect(await lab.redis.exists(...keys)).toBe(2)
  })
})

describe('while nothing is known to be lost', () => {
  it('a round asks for no more than a part of what waits', async () => {
    await lab.redis.config('RESETSTAT')
    for (let round = 0; round < 3; round += 1) await server.reconciler.reconcile()
    const calls = /cmdstat_exists:calls=(\d+)/.exec(await lab.redis.info('commandstats'))?.[1]
    // Two whole parts, and what is left.
    expect(Number(calls)).toBe(STAGES)
  })

  it('whatever is missing is found after as many rounds as there are parts', async () => {
    await loseSilently(builds)
    for (const found of [PART_MAX, 2 * PART_MAX, STAGES]) {
      await server.reconciler.reconcile()
      expect(await queued()).toBe(found)
    }
  })

  it('a round opens no transaction for builds that only wait', async () => {
    const after = [stagePlan({ name: 'a' }), stagePlan({ name: 'b', dependsOn: ['a'] })]
    const concurrency = { group: 'g', limit: 1, cancelPrevious: false }
    for (const plans of [after, [stagePlan({ concurrency })], [stagePlan({ concurrency })]]) {
      await storeStages(lab.db, await addBuildTo(lab.db, lab.repoId), plans)
    }
    await server.reconciler.reconcile()
    const transaction = jest.spyOn(lab.db, 'transaction')
    for (let round = 0; round < STAGES; round += 1) await server.reconciler.reconcile()
    expect(transaction).not.toHaveBeenCalled()
  })
})
