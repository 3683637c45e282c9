import { findBuildById } from '../store/builds.js'
import type { Db } from '../store/database.js'
import type { TurnOrder } from '../store/turns.js'
import { olderInGroup, supersedingBuild } from '../store/turns.js'
import { advanceBuild } from './advance.js'
import { cancelStage } from './cancel-stage.js'
import type { Effects } from './effects.js'

/**
 * Ends what the stage's group has in older builds. A restart of an old commit is no newer than a
 * build of a newer commit, and leaves it alone. Call it in a transaction, when a stage that wants it
 * is due: one that is skipped or refused ends nobody.
 */
export async function supersede(
  db: Db,
  newer: TurnOrder,
  now: number,
  effects: Effects,
): Promise<void> {
  const build = await findBuildById(db, newer.build_id)
  if (!build) return
  const older = await olderInGroup(db, newer)
  const reason = supersededBy(build.number)
  for (const stage of older) await cancelStage(db, stage, reason, now, effects)
  for (const buildId of new Set(older.map((stage) => stage.build_id))) {
    await advanceBuild(db, buildId, now, effects)
  }
}

/** Why a stage that is stored only now has ended already, in words; empty when it has not. */
export async function supersededReason(db: Db, older: TurnOrder): Promise<string> {
  const buildId = await supersedingBuild(db, older)
  const build = buildId === null ? null : await findBuildById(db, buildId)
  return build ? supersededBy(build.number) : ''
}

function supersededBy(number: number): string {
  return `superseded by build #${number}`
}
