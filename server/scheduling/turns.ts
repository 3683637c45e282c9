import type { Db } from '../store/database.js'
import { unfinishedStagesOfGroup, updateStage } from '../store/stages.js'
import type { Effects } from './effects.js'

/** A concurrency group of a repo. */
export interface Group {
  readonly repoId: number
  readonly group: string
  readonly now: number
}

/**
 * Lets the stages of a group that are due (`blocked`) go on while fewer than their limit are queued or
 * run: the older build's first, and none before one that waits longer. Call it in a transaction: those
 * of the database are one after the other, also between servers, so that no two pass one free place.
 */
export async function giveTurns(
  db: Db,
  { repoId, group, now }: Group,
  effects: Effects,
): Promise<void> {
  if (group === '') return
  const stages = await unfinishedStagesOfGroup(db, repoId, group)
  let active = stages.filter(({ status }) => status === 'pending' || status === 'running').length
  for (const stage of stages.filter(({ status }) => status === 'blocked')) {
    if (active >= stage.concurrency_limit) return
    await updateStage(db, stage.id, { status: 'pending', queued: now, updated: now })
    effects.builds.add(stage.build_id)
    active += 1
  }
}
