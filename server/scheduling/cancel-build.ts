import { isTerminal } from '../../protocol/status.js'
import { updateBuild } from '../store/builds.js'
import type { BuildRow } from '../store/builds.js'
import type { Db } from '../store/database.js'
import { stageStatusesOfBuild } from '../store/stages.js'
import { cancelStage } from './cancel-stage.js'
import type { Effects } from './effects.js'
import { finishBuildWhenDone } from './end-stage.js'

/** Why a build is ended, in words, and the login of who wants it; absent: a rule does. */
export interface Cancellation {
  readonly reason: string
  readonly by?: string
}

/**
 * Ends a build: what has not started at once, what runs through its runner. Nothing when it has
 * ended. Call it in a transaction.
 */
export async function cancelBuild(
  db: Db,
  build: BuildRow,
  { reason, by }: Cancellation,
  now: number,
  effects: Effects,
): Promise<void> {
  if (isTerminal(build.status)) return
  const who = by === undefined ? {} : { cancelled_by: by }
  if (build.plan_json === null) {
    const end = { status: 'killed', error: reason, finished: now, updated: now } as const
    await updateBuild(db, build.id, { ...end, ...who })
    return
  }
  if (by !== undefined) await updateBuild(db, build.id, { ...who, updated: now })
  for (const stage of await stageStatusesOfBuild(db, build.id)) {
    await cancelStage(db, stage, reason, now, effects)
  }
  await finishBuildWhenDone(db, build.id, now, effects)
}
