import type { Status } from '../../protocol/status.js'
import { isFailure, isTerminal } from '../../protocol/status.js'
import { findBuildById, updateBuild } from '../store/builds.js'
import type { Db } from '../store/database.js'
import type { StageStatusRow } from '../store/stages.js'
import { stageStatusesOfBuild, updateStage } from '../store/stages.js'
import { stepsOfStage, updateStepsInStatus } from '../store/steps.js'
import type { Effects } from './effects.js'
import { rollUp } from './outcome.js'

/** How a stage ends. */
export interface StageEnd {
  readonly status: Status
  readonly error: string
  /** Unix milliseconds. */
  readonly at: number
  /** True when its runner said so; else its session loses it, and hears that when it comes back. */
  readonly byRunner: boolean
}

/**
 * Ends a stage with those of its steps that have not ended; its turn goes to the next one of its
 * concurrency group when the transaction ends. What depends on it is decided by `advanceBuild`. Call
 * it in a transaction (`transact`).
 */
export async function endStage(
  db: Db,
  stage: StageStatusRow,
  end: StageEnd,
  effects: Effects,
): Promise<void> {
  const { status, error, at, byRunner } = end
  await endSteps(db, stage, end)
  await updateStage(db, stage.id, {
    status,
    error,
    exit_code: isFailure(status) ? await firstFailedExitCode(db, stage.id) : 0,
    stopped: at,
    lease_until: 0,
    updated: at,
    ...(byRunner ? {} : { session: '' }),
  })
  await noteStepLogs(db, stage, effects)
  effects.builds.add(stage.build_id)
  if (stage.started > 0) {
    effects.observed.push({
      ...{ kind: 'stage.finished', buildId: stage.build_id, stageId: stage.id },
      ...{ status, durationMs: at - stage.started },
    })
  }
  effects.noteTurn(stage)
}

async function endSteps(db: Db, stage: StageStatusRow, { status, at }: StageEnd): Promise<void> {
  const unstarted = status === 'killed' ? 'killed' : 'skipped'
  await updateStepsInStatus(db, stage.id, ['pending', 'waiting_on_dependencies', 'blocked'], {
    status: unstarted,
  })
  await updateStepsInStatus(db, stage.id, ['running'], {
    status: 'killed',
    error: 'the stage ended before this step did',
    stopped: at,
  })
}

async function firstFailedExitCode(db: Db, stageId: number): Promise<number> {
  const steps = await stepsOfStage(db, stageId)
  // A step can succeed with another code than 0: 78 ends its pipeline early.
  const failed = steps.find(
    (step) => isFailure(step.status) && step.exit_code !== 0 && step.errignore === 0,
  )
  return failed?.exit_code ?? 0
}

/** Whoever follows a log of the attempt has to look whether its step has ended. */
export async function noteStepLogs(db: Db, stage: StageStatusRow, effects: Effects): Promise<void> {
  for (const { number } of await stepsOfStage(db, stage.id)) {
    effects.logs.push({ stageId: stage.id, attempt: stage.attempt, step: number })
  }
}

/** Ends the build when all its stages have ended. */
export async function finishBuildWhenDone(
  db: Db,
  buildId: number,
  now: number,
  effects: Effects,
): Promise<void> {
  const build = await findBuildById(db, buildId)
  if (!build || build.plan_json === null || isTerminal(build.status)) return
  const stages = await stageStatusesOfBuild(db, buildId)
  const status = rollUp(stages)
  if (status === null) return
  const error = status === 'killed' && build.error === '' ? { error: killedWhy(stages) } : {}
  await updateBuild(db, buildId, { status, finished: now, updated: now, ...error })
  const durationMs = build.started === 0 ? 0 : now - build.started
  effects.observed.push({ kind: 'build.finished', buildId, status, durationMs })
}

/** Why the first stage that was ended had to. */
function killedWhy(stages: readonly StageStatusRow[]): string {
  const stage = stages.find(({ status }) => status === 'killed')
  return stage === undefined || stage.cancel_reason === ''
    ? (stage?.error ?? '')
    : stage.cancel_reason
}
