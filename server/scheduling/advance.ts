import type { StagePlan } from '../../pipelines/plan.js'
import { refusalOf, refusalText } from '../../protocol/refusal.js'
import type { Db } from '../store/database.js'
import type { StageStatusRow } from '../store/stages.js'
import { findStageById, stageStatusesOfBuild, updateStage } from '../store/stages.js'
import { isBlocked } from '../store/builds.js'
import type { Effects } from './effects.js'
import { endStage, finishBuildWhenDone } from './end-stage.js'
import { isThrottled } from './repo-turns.js'
import { decideStages } from './outcome.js'
import type { StageNode } from './outcome.js'

/**
 * Lets the build's stages go on as far as they can: those whose dependencies have ended become
 * `pending`, `blocked` until it is their turn in their concurrency group, `error` when no runner may run
 * them, or `skipped`; when all have ended, so has the build. Doing it twice does nothing more. Call it
 * in a transaction (`transact`); `effects` get the builds whose pending stages have to be queued.
 */
export async function advanceBuild(
  db: Db,
  buildId: number,
  now: number,
  effects: Effects,
): Promise<void> {
  // Nothing of a build runs before somebody has let it.
  if (await isBlocked(db, buildId)) return finishBuildWhenDone(db, buildId, now, effects)
  // A stage that is refused has ended, which lets others be decided.
  while (await advanceOnce(db, buildId, now, effects));
  await finishBuildWhenDone(db, buildId, now, effects)
}

/** @returns true when a stage was refused */
async function advanceOnce(
  db: Db,
  buildId: number,
  now: number,
  effects: Effects,
): Promise<boolean> {
  const stages = await stageStatusesOfBuild(db, buildId)
  const decisions = decideStages(stages.map(nodeOf))
  let wasRefused = false
  for (const stage of stages) {
    const decision = decisions.get(stage.name)
    if (decision === 'run') {
      if (!(await start(db, stage, now, effects))) wasRefused = true
    } else if (decision === 'skip') {
      const end = { status: 'skipped', error: '', at: now, byRunner: false } as const
      await endStage(db, stage, end, effects)
    } else if (stage.status === 'blocked') {
      effects.noteTurn(stage)
    }
  }
  return wasRefused
}

/** @returns false when the stage is refused, and so has ended */
async function start(
  db: Db,
  stage: StageStatusRow,
  now: number,
  effects: Effects,
): Promise<boolean> {
  const error = await refusedWith(db, stage.id)
  if (error !== '') {
    await endStage(db, stage, { status: 'error', error, at: now, byRunner: false }, effects)
    return false
  }
  if (stage.concurrency_group !== '' || (await isThrottled(db, stage.repo_id))) {
    const supersedes = stage.cancel_previous
    await updateStage(db, stage.id, { status: 'blocked', supersedes, updated: now })
    if (supersedes === 1) effects.noteSuperseding(stage)
    effects.noteTurn(stage)
    return true
  }
  await updateStage(db, stage.id, { status: 'pending', queued: now, updated: now })
  effects.builds.add(stage.build_id)
  return true
}

async function refusedWith(db: Db, stageId: number): Promise<string> {
  const stage = await findStageById(db, stageId)
  const refusal = stage && refusalOf(JSON.parse(stage.plan_json) as StagePlan)
  return refusal ? refusalText(refusal) : ''
}

/** What `decideStages` looks at. */
export function nodeOf(stage: StageStatusRow): StageNode {
  return {
    name: stage.name,
    status: stage.status,
    dependsOn: JSON.parse(stage.depends_on_json) as string[],
    onSuccess: stage.on_success === 1,
    onFailure: stage.on_failure === 1,
  }
}
