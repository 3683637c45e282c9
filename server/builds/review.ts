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
  review: Review,
  effects: Effects,
): Promise<void> {
  const status = build.status === 'blocked' ? { status: 'pending' as const } : {}
  await noteReview(db, build, review, { approval: 'approved', ...status })
  if (build.plan_json !== null) await advanceBuild(db, build.id, review.now, effects)
}

/**
 * Ends a build that waits for approval. Call it in a transaction (`transact`).
 * @throws SandpiperError SP_BUILD_NOT_BLOCKED
 */
export async function declineBuild(
  db: Db,
  build: BuildRow,
  review: Review,
  effects: Effects,
): Promise<void> {
  const { by, now } = review
  const error = `declined by ${by}`
  await noteReview(db, build, review, { approval: 'declined', error })
  const end = { status: 'declined', error, at: now, byRunner: false } as const
  const stages = await stageStatusesOfBuild(db, build.id)
  for (const stage of stages) {
    if (!isTerminal(stage.status)) await endStage(db, stage, end, effects)
  }
  if (stages.length > 0) await finishBuildWhenDone(db, build.id, now, effects)
  else await updateBuild(db, build.id, { status: 'declined', finished: now, updated: now })
}

async function noteReview(
  db: Db,
  { id, approval, number, status }: BuildRow,
  { by, now }: Review,
  verdict: Partial<Pick<BuildRow, 'approval' | 'status' | 'error'>>,
): Promise<void> {
  if (approval !== 'required' || isTerminal(status)) throw notBlocked(number, status)
  await updateBuild(db, id, { reviewed_by: by, reviewed: now, updated: now, ...verdict })
}
