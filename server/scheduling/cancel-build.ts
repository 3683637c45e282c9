import { isTerminal } from '../../protocol/status.js'
import { updateBuild } from '../store/builds.js'
import type { BuildRow } from '../store/builds.js'
import type { Db } from '../store/database.js'
import type { StageRow } from '../store/stages.js'
import { stagesOfBuild, updateStage } from '../store/stages.js'
import type { Effects } from './effects.js'
import { endStage, finishBuildWhenDone } from './end-stage.js'

/**
 * Ends a build: what has not started at once, what runs through its runner. Nothing when it has
 * ended. Call it in a transaction.
 */
export async function cancelBuild(
  db: Db,
  build: BuildRow,
  reason: string,
  now: number,
  effects: Effects,
): Promise<void> {
  if (isTerminal(build.status)) return
  if (build.plan_json === null) {
    const end = { status: 'killed', error: reason, finished: now, updated: now } as const
    await updateBuild(db, build.id, end)
    return
  }
  for (const stage of await stagesOfBuild(db, build.id)) {
    await cancelStage(db, stage, reason, now, effects)
  }
  await finishBuildWhenDone(db, build.id, now)
}

async function cancelStage(
  db: Db,
  stage: StageRow,
  reason: string,
  now: number,
  effects: Effects,
): Promise<void> {
  const { id: stageId, attempt, session, os, arch } = stage
  if (isTerminal(stage.status)) return
  if (stage.status === 'running') {
    await updateStage(db, stageId, { cancel_requested: 1, updated: now })
    effects.cancels.push({
      session,
      cancel: { type: 'cancel', kind: 'cancelled', stageId, attempt, reason },
    })
    return
  }
  await endStage(db, stage, { status: 'killed', error: reason, at: now, byRunner: false }, effects)
  effects.unqueue.push({ os, arch, stageId, attempt })
}
