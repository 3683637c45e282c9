import type { BuildEvent } from '../../pipelines/event.js'
import type { Db } from '../store/database.js'
import { updateStage } from '../store/stages.js'
import type { TurnGroup } from '../store/turns.js'
import { nextInTurn, turnsTaken } from '../store/turns.js'
import type { Effects } from './effects.js'
import { roomOfRepo } from './repo-turns.js'

/**
 * Lets the stages of a group that are due (`blocked`) go on while fewer are queued or run than the
 * least limit among all of these: so nobody's own limit lets them pass another's, and none waits for
 * ever behind those that ask for less. The older build's first. Call it in a transaction: those of
 * the database are one after the other, also between servers, so that no two pass one free place.
 */
export async function giveTurns(
  db: Db,
  group: TurnGroup,
  now: number,
  effects: Effects,
): Promise<void> {
  const count = await freePlaces(db, group)
  if (count === 0) return
  for (const stage of await nextInTurn(db, group, count)) {
    await updateStage(db, stage.id, { status: 'pending', queued: now, updated: now })
    effects.builds.add(stage.build_id)
  }
}

/** How many of the group's stages that are due may go on now. */
export async function freePlaces(db: Db, group: TurnGroup): Promise<number> {
  const { active, limit } = await turnsTaken(db, group)
  if (!(active < limit) || limit === Infinity) return 0
  return Math.min(limit - active, await roomOfRepo(db, group.repo_id))
}

/**
 * Which builds a build takes turns with: whoever opens a pull request, from a fork too, decides what
 * its file says, so its groups are its own; all that needs the right to push shares the others.
 */
export function turnDomain({ event, ref, sourceRepo }: BuildEvent): string {
  return event.startsWith('pull_request') ? `pr:${ref}:${sourceRepo}` : ''
}
