import { findBuildById } from '../store/builds.js'
import type { Db } from '../store/database.js'
import { newestSuperseding, unfinishedStagesOfGroup } from '../store/stages.js'
import { advanceBuild } from './advance.js'
import { cancelStage } from './cancel-stage.js'
import type { Effects } from './effects.js'
import type { Group } from './turns.js'

/**
 * Ends the group's stages in builds that are older than the newest one that wants them ended, in
 * whatever order the builds were compiled. Call it in a transaction, when stages of the group are new.
 */
export async function supersede(
  db: Db,
  { repoId, group, now }: Group,
  effects: Effects,
): Promise<void> {
  const newestId = await newestSuperseding(db, repoId, group)
  const newest = newestId === null ? null : await findBuildById(db, newestId)
  if (!newest) return
  const stages = await unfinishedStagesOfGroup(db, repoId, group)
  const older = stages.filter((stage) => stage.build_id < newest.id && stage.cancel_requested === 0)
  for (const stage of older) {
    await cancelStage(db, stage, `superseded by build #${newest.number}`, now, effects)
  }
  for (const buildId of new Set(older.map((stage) => stage.build_id))) {
    await advanceBuild(db, buildId, now, effects)
  }
}
