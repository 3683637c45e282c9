import { isTerminal } from '../../protocol/status.js'
import { advanceBuild } from '../scheduling/advance.js'
import type { Effects } from '../scheduling/effects.js'
import { endStage, finishBuildWhenDone } from '../scheduling/end-stage.js'
import type { BuildRow } from '../store/builds.js'
import { updateBuild } from '../store/builds.js'
import type { Db } from '../store/database.js'
import { stageStatusesOfBuild } from '../store/stages.js'
import { notBlocked } from './errors.js'

/** Who looked at a build, and when. */
export interface Review {
  readonly by: string
  readonly now: number
}

/**
 * Lets a build run that waits for it, compiled or not. Call it in a transaction (`transact`).
 * @throws SandpiperError SP_BUILD_NOT_BLOCKED
 */
export async function approveBuild(
  db: Db,
  build: BuildRow,
  { by, now }: Review,
  effects: Effects,
): Promise<void> {
  checkWaits(build)
  const status = build.status === 'blocked' ? { status: 'pending' as const } : {}
  const review = { approval: 'approved', reviewed_by: by, reviewed: now, updated: now }
  await updateBuild(db, build.id, { ...review, ...status })
  if (build.plan_json !== null) await advanceBuild(db, build.id, now, effects)
}

/**
 * Ends a build that waits for approval. Call it in a transaction (`transact`).
 * @throws SandpiperError SP_BUILD_NOT_BLOCKED
 */
export async function declineBuild(
  db: Db,
  build: BuildRow,
  { by, now }: Review,
  effects: Effects,
): Promise<void> {
  checkWaits(build)
  const error = `declined by ${by}`
  const review = { approval: 'declined', reviewed_by: by, reviewed: now, updated: now, error }
  await updateBuild(db, build.id, review)
  const end = { status: 'declined', error, at: now, byRunner: false } as const
  const stages = await stageStatusesOfBuild(db, build.id)
  for (const stage of stages) {
    if (!isTerminal(stage.status)) await endStage(db, stage, end, effects)
  }
  if (stages.length > 0) await finishBuildWhenDone(db, build.id, now, effects)
  else await updateBuild(db, build.id, { status: 'declined', finished: now, updated: now })
}

function checkWaits({ approval, number, status }: BuildRow): void {
  if (approval !== 'required' || isTerminal(status)) throw notBlocked(number, status)
}
