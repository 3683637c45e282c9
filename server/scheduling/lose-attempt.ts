import type { Db } from '../store/database.js'
import type { StageRow } from '../store/stages.js'
import { updateStage } from '../store/stages.js'
import { resetSteps } from '../store/steps.js'
import { advanceBuild } from './advance.js'
import type { Effects } from './effects.js'
import { endStage, noteStepLogs } from './end-stage.js'

/** Runners that may be lost under one stage before it is given up. */
export const ATTEMPTS_MAX = 3

/**
 * A running stage has lost its runner: the next attempt, or the end when there were enough of them
 * or somebody wanted its end anyway. Call it in a transaction, with the stage as it is now.
 */
export async function loseAttempt(
  db: Db,
  stage: StageRow,
  reason: string,
  now: number,
  effects: Effects,
): Promise<void> {
  tellOldSession(stage, effects)
  if (stage.cancel_requested === 1) {
    const error = `${stage.cancel_reason}, and its runner was lost: ${reason}`
    await endStage(db, stage, { status: 'killed', error, at: now, byRunner: false }, effects)
  } else if (stage.attempt >= ATTEMPTS_MAX) {
    const error = `runner lost ${ATTEMPTS_MAX} times: ${reason}`
    await endStage(db, stage, { status: 'error', error, at: now, byRunner: false }, effects)
  } else {
    await startOver(db, stage, reason, now, effects)
    return
  }
  await advanceBuild(db, stage.build_id, now, effects)
}

async function startOver(
  db: Db,
  stage: StageRow,
  reason: string,
  now: number,
  effects: Effects,
): Promise<void> {
  await noteStepLogs(db, stage, effects)
  await resetSteps(db, stage.id)
  await updateStage(db, stage.id, {
    status: 'pending',
    attempt: stage.attempt + 1,
    error: `attempt ${stage.attempt} was lost: ${reason}`,
    session: '',
    machine: '',
    lease_until: 0,
    started: 0,
    queued: now,
    updated: now,
  })
  effects.builds.add(stage.build_id)
}

/** It may only have been cut off, and still be at work. */
function tellOldSession(stage: StageRow, effects: Effects): void {
  const { id: stageId, attempt, session } = stage
  if (session === '') return
  const reason = 'the server gave this attempt up'
  effects.cancels.push({
    session,
    cancel: { type: 'cancel', kind: 'stale', stageId, attempt, reason },
  })
}
