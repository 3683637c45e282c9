import { afterEach, beforeEach, describe, expect, it } from '@jest/globals'
import type { ConcurrencyPlan, StagePlan } from '../../pipelines/plan.js'
import type { Status } from '../../protocol/status.js'
import type { BuildRow } from '../store/builds.js'
import { findBuildById, updateBuild } from '../store/builds.js'
import type { Db } from '../store/database.js'
import { TEST_STORE, TestDatabase } from '../testing/test-database.js'
import { findStageById, stageStatusesOfBuild, updateStage } from '../store/stages.js'
import {
  addBuildTo,
  addRepoTo,
  stageOf,
  stagePlan,
  statusesOf,
  storeStages,
} from '../testing/plans.js'
import { advanceBuild } from './advance.js'
import { cancelBuild } from './cancel-build.js'
import type { Effects } from './effects.js'
import { endStage } from './end-stage.js'
import { ATTEMPTS_MAX, loseAttempt } from './lose-attempt.js'
import { transact } from './transact.js'

let database: TestDatabase
let db: Db
let repoId: number
beforeEach(async () => {
  database = await TestDatabase.create()
  db = await database.open()
  repoId = await addRepoTo(db)
})
afterEach(async () => {
  await database.remove()
})

const DEPLOY: ConcurrencyPlan = { group: 'deploy', limit: 1, cancelPrevious: false }
const NEWEST: ConcurrencyPlan = { ...DEPLOY, cancelPrevious: true }

async function push(...stages: readonly StagePlan[]): Promise<BuildRow> {
  return store(await addBuildTo(db, repoId), ...stages)
}

async function store(build: BuildRow, ...stages: readonly StagePlan[]): Promise<BuildRow> {
  await storeStages(db, build, stages)
  return build
}

/** A build of a pull request. */
async function pull(
  concurrency: ConcurrencyPlan,
  ref = 'refs/pull/7/head',
  sourceRepo = 'evil/n',
): Promise<BuildRow> {
  const build = await addBuildTo(db, repoId, { event: 'pull_request', ref, sourceRepo })
  return store(build, stagePlan({ concurrency }))
}

/** A build that restarts another. */
async function restart(build: BuildRow, concurrency = NEWEST): Promise<BuildRow> {
  return store(await addBuildTo(db, repoId, {}, build), stagePlan({ concurrency }))
}

const pushOne = (concurrency = DEPLOY): Promise<BuildRow> => push(stagePlan({ concurrency }))

async function status(build: BuildRow, name = 'only'): Promise<string> {
  return (await stageOf(db, build, name)).status
}

/** As a runner that takes the stage. */
async function run(build: BuildRow, name = 'only'): Promise<void> {
  const { id } = await stageOf(db, build, name)
  await updateStage(db, id, { status: 'running', session: 's', machine: 'm', updated: 3 })
  await updateBuild(db, build.id, { status: 'running', started: 3, updated: 3 })
}

/** As a runner that ends the stage. */
async function end(build: BuildRow, outcome: Status = 'success', name = 'only'): Promise<Effects> {
  const stage = await stageOf(db, build, name)
  return transact(db, 4, async (tx, effects) => {
    await endStage(tx, stage, { status: outcome, error: '', at: 4, byRunner: true }, effects)
    await advanceBuild(tx, build.id, 4, effects)
  })
}

async function cancel(build: BuildRow): Promise<Effects> {
  return transact(db, 5, async (tx, effects) => {
    const row = await findBuildById(tx, build.id)
    await cancelBuild(tx, row!, { reason: 'the build was cancelled' }, 5, effects)
  })
}

describe('a concurrency group', () => {
  it('lets as many go on as its limit says, the others in the order of their builds', async () => {
    const two = { ...DEPLOY, limit: 2 }
    const builds = [await pushOne(two), await pushOne(two), await pushOne(two), await pushOne(two)]
    const statuses = (): Promise<string[]> => Promise.all(builds.map((build) => status(build)))
    expect(await statuses()).toEqual(['pending', 'pending', 'blocked', 'blocked'])
    await run(builds[1]!)
    const effects = await end(builds[1]!)
    expect(await statuses()).toEqual(['pending', 'success', 'pending', 'blocked'])
    expect([...effects.builds]).toContain(builds[2]!.id)
    await end(builds[0]!, 'failure')
    expect(await statuses()).toEqual(['failure', 'success', 'pending', 'pending'])
  })

  it('says no more of a stage that waits than that it does', async () => {
    await pushOne()
    const second = await pushOne()
    expect(await stageOf(db, second)).toMatchObject({ status: 'blocked', error: '', queued: 0 })
    expect((await findBuildById(db, second.id))?.status).toBe('pending')
  })

  it('is one of a repo', async () => {
    await pushOne()
    repoId = await addRepoTo(db, 'other')
    expect(await status(await pushOne())).toBe('pending')
    expect(await status(await pushOne({ ...DEPLOY, group: 'another' }))).toBe('pending')
    expect(await status(await push(stagePlan()))).toBe('pending')
  })

  it('is passed by an older build whose stage becomes due later', async () => {
    const deploy = stagePlan({ name: 'deploy', dependsOn: ['test'], concurrency: DEPLOY })
    const first = await push(stagePlan({ name: 'test' }), deploy)
    const second = await pushOne()
    const third = await pushOne()
    expect(await status(first, 'deploy')).toBe('waiting_on_dependencies')
    expect(await status(second)).toBe('pending')
    await end(first, 'success', 'test')
    expect(await status(first, 'deploy')).toBe('blocked')
    await end(second)
    expect([await status(first, 'deploy'), await status(third)]).toEqual(['pending', 'blocked'])
  })

  it('holds for stages of one build too', async () => {
    const build = await push(
      stagePlan({ name: 'a', concurrency: DEPLOY }),
      stagePlan({ name: 'b', concurrency: DEPLOY }),
      stagePlan({ name: 'c', dependsOn: ['a'] }),
    )
    expect(await statusesOf(db, build)).toMatchObject({ a: 'pending', b: 'blocked' })
    await end(build, 'failure', 'a')
    expect(await statusesOf(db, build)).toMatchObject({ b: 'pending', c: 'skipped' })
    await end(build, 'success', 'b')
    expect(await statusesOf(db, build)).toMatchObject({ build: 'failure' })
  })

  it('gives the turn on when a build is cancelled', async () => {
    const [first, second, third] = [await pushOne(), await pushOne(), await pushOne()]
    for (const build of [second, first]) {
      await cancel(build)
    }
    expect(await status(third)).toBe('pending')
  })

  it('keeps its turn while its runner is lost, and gives it on when there were enough', async () => {
    const [first, second] = [await pushOne(), await pushOne()]
    for (let attempt = 1; attempt <= ATTEMPTS_MAX; attempt += 1) {
      expect(await status(second)).toBe('blocked')
      await run(first)
      const stage = await stageOf(db, first)
      await transact(db, 5, (tx, effects) => loseAttempt(tx, stage, 'gone', 5, effects))
    }
    expect([await status(first), await status(second)]).toEqual(['error', 'pending'])
  })

  it('is looked at again by whoever advances the builds', async () => {
    const [first, second] = [await pushOne(), await pushOne()]
    const { id } = await stageOf(db, first)
    // As nothing of ours does it.
    await updateStage(db, id, { status: 'success', updated: 5 })
    await transact(db, 5, (tx, effects) => advanceBuild(tx, second.id, 5, effects))
    expect(await status(second)).toBe('pending')
  })

  it('is one of all servers on the database', async () => {
    // A second connection to SQLite in one process would wait for the first, which waits for this process.
    const open = () => (TEST_STORE === 'SQLite' ? db : database.open())
    const servers = [db, await open(), await open()]
    const stages = [stagePlan({ concurrency: { ...DEPLOY, limit: 3 } })]
    const builds: BuildRow[] = []
    for (let index = 0; index < 20; index += 1) builds.push(await addBuildTo(db, repoId))
    const store = (build: BuildRow, index: number) =>
      storeStages(servers[index % 3]!, build, stages)
    // All at once: each of them decides by what the others have stored. On SQLite connections of one process
    // would wait for each other until they give up.
    if (TEST_STORE === 'Postgres') await Promise.all(builds.map(store))
    else for (const [index, build] of builds.entries()) await store(build, index)
    const statuses = await Promise.all(builds.map((build) => status(build)))
    expect(statuses.filter((one) => one === 'pending')).toHaveLength(3)
  })
})

describe('a pull request', () => {
  const greedy = { group: 'deploy', limit: 1_000_000, cancelPrevious: true }

  it('neither ends, nor passes, nor holds up what others run under the name of its group', async () => {
    const main = await pushOne()
    await run(main)
    const evil = await pull(greedy)
    expect(await stageOf(db, main)).toMatchObject({ status: 'running', cancel_requested: 0 })
    expect(await status(evil)).toBe('pending')
    await run(evil)
    const next = await pushOne()
    expect(await status(next)).toBe('blocked')
    await end(main)
    expect([await status(next), await status(evil)]).toEqual(['pending', 'running'])
  })

  it('takes turns with builds of the same one only, by ref and source', async () => {
    const first = await pull(DEPLOY)
    const others = [
      await pull(DEPLOY, 'refs/pull/8/head'),
      await pull(DEPLOY, 'refs/pull/7/head', 'other/n'),
      await pull(DEPLOY, 'refs/pull/7/head', ''),
    ]
    expect(await Promise.all(others.map((build) => status(build)))).toEqual(
      others.map(() => 'pending'),
    )
    expect(await status(await pull(DEPLOY))).toBe('blocked')
    await pull(NEWEST)
    expect([await status(first), await status(others[0]!)]).toEqual(['killed', 'pending'])
  })
})

describe('limits that differ', () => {
  const some = (limit: number): ConcurrencyPlan => ({ ...DEPLOY, limit })

  it('are all kept: nobody passes the limit of another by asking for more', async () => {
    const [first, second] = [await pushOne(some(1)), await pushOne(some(1_000_000))]
    expect([await status(first), await status(second)]).toEqual(['pending', 'blocked'])
    await run(first)
    const third = await pushOne(some(1_000_000))
    expect(await status(third)).toBe('blocked')
    await end(first)
    expect([await status(second), await status(third)]).toEqual(['pending', 'pending'])
  })

  it('let the one that asks for less have its turn, also while others come', async () => {
    const first = await pushOne(some(2))
    const careful = await pushOne(some(1))
    const third = await pushOne(some(2))
    expect([await status(careful), await status(third)]).toEqual(['blocked', 'blocked'])
    await end(first)
    const fourth = await pushOne(some(2))
    expect([await status(careful), await status(third)]).toEqual(['pending', 'blocked'])
    await end(careful)
    expect([await status(third), await status(fourth)]).toEqual(['pending', 'pending'])
  })
})

describe('a stage that ends what came before', () => {
  it('does so when it is due, and not when it is skipped or refused', async () => {
    const first = await pushOne()
    const deploy = stagePlan({ name: 'deploy', dependsOn: ['test'], concurrency: NEWEST })
    const failing = await push(stagePlan({ name: 'test' }), deploy)
    await end(failing, 'failure', 'test')
    expect(await status(failing, 'deploy')).toBe('skipped')
    await push(stagePlan({ type: 'ssh', concurrency: NEWEST }))
    const late = await addBuildTo(db, repoId)
    const passing = await push(stagePlan({ name: 'test' }), deploy)
    expect(await status(first)).toBe('pending')
    await end(passing, 'success', 'test')
    expect([await status(first), await status(passing, 'deploy')]).toEqual(['killed', 'pending'])
    await store(late, stagePlan({ concurrency: DEPLOY }))
    expect(await status(late)).toBe('killed')
  })

  it('leaves newer commits alone when it is the restart of an old one', async () => {
    const [old, older] = [await pushOne(NEWEST), await pushOne(NEWEST)]
    await end(older)
    const newer = await pushOne(NEWEST)
    await run(newer)
    const again = await restart(old)
    const twice = await restart(again)
    expect(await stageOf(db, newer)).toMatchObject({ status: 'running', cancel_requested: 0 })
    expect([await status(again), await status(twice)]).toEqual(['killed', 'blocked'])
    await end(newer)
    expect(await status(twice)).toBe('pending')
    const newest = await pushOne(NEWEST)
    expect([await status(twice), await status(newest)]).toEqual(['killed', 'pending'])
  })

  it('lets what it ended be followed by others that do the same', async () => {
    const other = { ...NEWEST, group: 'other' }
    const first = await pushOne(other)
    const second = await push(
      stagePlan({ name: 'deploy', concurrency: DEPLOY }),
      stagePlan({
        name: 'clean',
        dependsOn: ['deploy'],
        runOn: { success: false, failure: true },
        concurrency: other,
      }),
    )
    await pushOne(NEWEST)
    expect(await statusesOf(db, second)).toMatchObject({ deploy: 'killed', clean: 'pending' })
    expect(await status(first)).toBe('killed')
  })

  it('kills what waits in older builds, and says by whom', async () => {
    const [first, second] = [await pushOne(), await pushOne()]
    const third = await pushOne(NEWEST)
    for (const old of [first, second]) {
      expect(await stageOf(db, old)).toMatchObject({
        status: 'killed',
        error: `superseded by build #${third.number}`,
      })
      expect((await findBuildById(db, old.id))?.status).toBe('killed')
    }
    expect(await status(third)).toBe('pending')
  })

  it('asks the runner of one that runs, and waits for its end', async () => {
    const first = await pushOne(NEWEST)
    await run(first)
    const second = await addBuildTo(db, repoId)
    const effects = await storeStages(db, second, [stagePlan({ concurrency: NEWEST })])
    expect(effects.cancels).toMatchObject([
      { session: 's', cancel: { kind: 'cancelled', reason: 'superseded by build #2' } },
    ])
    expect(await stageOf(db, first)).toMatchObject({
      status: 'running',
      cancel_requested: 1,
      cancel_reason: 'superseded by build #2',
    })
    expect(await status(second)).toBe('blocked')
    await end(first, 'killed')
    expect([await status(second), (await findBuildById(db, first.id))?.status]).toEqual([
      'pending',
      'killed',
    ])
  })

  it('leaves other stages of the older build to go on', async () => {
    const first = await push(
      stagePlan({ name: 'test' }),
      stagePlan({ name: 'deploy', concurrency: NEWEST }),
      stagePlan({ name: 'after', dependsOn: ['deploy'] }),
      stagePlan({
        name: 'clean',
        dependsOn: ['deploy'],
        runOn: { success: true, failure: true },
      }),
    )
    await pushOne(NEWEST)
    expect(await statusesOf(db, first)).toEqual({
      ...{ build: 'pending', test: 'pending', deploy: 'killed' },
      ...{ after: 'skipped', clean: 'pending' },
    })
  })

  it('counts also when the older build is compiled later', async () => {
    const late = await addBuildTo(db, repoId)
    const newer = await pushOne(NEWEST)
    await storeStages(db, late, [stagePlan({ concurrency: NEWEST })])
    expect([await status(late), await status(newer)]).toEqual(['killed', 'pending'])
    expect((await stageOf(db, late)).error).toBe('superseded by build #2')
  })

  it('leaves what has ended, newer builds and other groups alone', async () => {
    const ended = await pushOne()
    await end(ended)
    const other = await pushOne({ ...DEPLOY, group: 'another' })
    await pushOne(NEWEST)
    const newer = await pushOne()
    expect([await status(ended), await status(other), await status(newer)]).toEqual([
      'success',
      'pending',
      'blocked',
    ])
  })
})

describe('a stage that no runner may run', () => {
  it('ends when it is due, in words, and lets others be decided', async () => {
    const build = await push(
      stagePlan({ name: 'test' }),
      stagePlan({ name: 'vm', type: 'ssh', dependsOn: ['test'], concurrency: DEPLOY }),
      stagePlan({ name: 'after', dependsOn: ['vm'] }),
      stagePlan({ name: 'tell', dependsOn: ['after'], runOn: { success: false, failure: true } }),
    )
    expect(await status(build, 'vm')).toBe('waiting_on_dependencies')
    await end(build, 'success', 'test')
    expect(await stageOf(db, build, 'vm')).toMatchObject({
      status: 'error',
      error: expect.stringMatching(/^type ssh is not supported by this runner\. Runners/),
    })
    expect(await statusesOf(db, build)).toMatchObject({ after: 'skipped', tell: 'pending' })
    await end(build, 'success', 'tell')
    expect(await status(build, 'tell')).toBe('success')
    expect((await findBuildById(db, build.id))?.status).toBe('error')
    expect(await status(await pushOne())).toBe('pending')
  })

  it('names what it demands', async () => {
    const demands = [{ what: 'privileged: true', step: 'a', at: '.drone.yml:7:3' }]
    const build = await push(stagePlan({ demands }))
    const { error } = await stageOf(db, build)
    expect(error).toContain('privileged: true (step a, .drone.yml:7:3)')
    expect((await findBuildById(db, build.id))?.status).toBe('error')
  })
})

/** Far above what two thousand stages take, far below what they would in a quadratic way. */
const MANY_MS = 120_000

describe('a build of many stages', () => {
  it(
    'is cancelled, and none of them has its turn first',
    async () => {
      const stages = Array.from({ length: 2_000 }, (_, index) =>
        stagePlan({ name: `s${index}`, concurrency: DEPLOY }),
      )
      const build = await push(...stages)
      const next = await pushOne()
      const effects = await cancel(build)
      const statuses = await stageStatusesOfBuild(db, build.id)
      expect(statuses.every((stage) => stage.status === 'killed')).toBe(true)
      // Only the first was ever queued.
      expect(statuses.filter(({ queued }) => queued > 0).map(({ name }) => name)).toEqual(['s0'])
      expect([...effects.builds]).toEqual([build.id, next.id])
      expect(await status(next)).toBe('pending')
    },
    MANY_MS,
  )

  it(
    'is stored and advanced',
    async () => {
      const chain = Array.from({ length: 2_000 }, (_, index) =>
        stagePlan({ name: `s${index}`, dependsOn: index === 0 ? [] : [`s${index - 1}`] }),
      )
      const build = await push(...chain)
      await end(build, 'failure', 's0')
      expect((await findBuildById(db, build.id))?.status).toBe('failure')
      const last = await stageOf(db, build, 's1999')
      expect((await findStageById(db, last.id))?.status).toBe('skipped')
    },
    MANY_MS,
  )
})
