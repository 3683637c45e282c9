import type { Db } from '../store/database.js'
import { activeStages, blockedGroups, runningMaxOf, waitingForRepo } from '../store/repo-turns.js'
import { updateStage } from '../store/stages.js'
import type { Effects } from './effects.js'

/** True for a repo that may have only so many stages queued or running at once. */
export async function isThrottled(db: Db, repoId: number): Promise<boolean> {
  return (await runningMaxOf(db, repoId)) > 0
}

/** How many more of the repo's stages may be queued or run now. */
export async function roomOfRepo(db: Db, repoId: number): Promise<number> {
  const max = await runningMaxOf(db, repoId)
  return max === 0 ? Infinity : Math.max(0, max - (await activeStages(db, repoId)))
}

/**
 * Lets stages of a repo go on that are due (`blocked`) and in no concurrency group, as many as it may have
 * queued or running at once; and notes the groups that wait, of which the next may go on too. Call it in a
 * transaction, when a stage of the repo has ended or become due.
 */
export async function giveRepoTurns(
  db: Db,
  repoId: number,
  now: number,
  effects: Effects,
): Promise<void> {
  const room = await roomOfRepo(db, repoId)
  if (room === 0) return
  for (const stage of await waitingForRepo(db, repoId, room)) {
    await updateStage(db, stage.id, { status: 'pending', queued: now, updated: now })
    effects.builds.add(stage.build_id)
  }
  if (room === Infinity) return
  for (const group of await blockedGroups(db, repoId)) effects.noteGroup(group)
}
