import { afterEach, beforeEach, describe, expect, it } from '@jest/globals'
import type { Status } from '../../protocol/status.js'
import type { Db } from '../store/database.js'
import { updateStep } from '../store/steps.js'
import { TestDatabase } from '../testing/test-database.js'
import { addBuildTo, addRepoTo, stageOf, stagePlan, storeStages } from '../testing/plans.js'
import { Effects } from './effects.js'
import { endStage } from './end-stage.js'

let database: TestDatabase
let db: Db
let repos = 0
beforeEach(async () => {
  database = await TestDatabase.create()
  db = await database.open()
})
afterEach(async () => {
  await database.remove()
})

type Step = readonly [status: Status, exitCode: number]

/** The exit code of a stage that ends so, after steps that ended so. */
async function exitCodeOf(outcome: Status, steps: readonly Step[]): Promise<number> {
  const build = await addBuildTo(db, await addRepoTo(db, `n${(repos += 1)}`))
  const [hello] = stagePlan().steps
  const plan = stagePlan({ steps: steps.map((_, index) => ({ ...hello!, name: `s${index}` })) })
  await storeStages(db, build, [plan])
  const stage = await stageOf(db, build)
  for (const [index, [status, exitCode]] of steps.entries()) {
    await updateStep(db, stage.id, index + 1, { status, exit_code: exitCode })
  }
  const end = { status: outcome, error: '', at: 5, byRunner: true } as const
  await db.transaction().execute((tx) => endStage(tx, stage, end, new Effects()))
  return (await stageOf(db, build)).exit_code
}

describe('the exit code of a stage', () => {
  it('is that of the first step that failed', async () => {
    const steps: Step[] = [
      ['success', 78],
      ['failure', 3],
      ['failure', 4],
    ]
    expect(await exitCodeOf('failure', steps)).toBe(3)
  })

  it('is 0 when it succeeded, whatever its steps ended with', async () => {
    expect(await exitCodeOf('success', [['success', 78]])).toBe(0)
    expect(await exitCodeOf('success', [['killed', 143]])).toBe(0)
  })
})
