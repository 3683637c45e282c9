import type { Db } from '../store/database.js'
import type { StageStatusRow } from '../store/stages.js'

/** By hand and deployments; pushes and all the like; pull requests: who goes first when it is one's turn. */
const LANES = { first: 0, normal: 1, last: 2 } as const

/** Shares only grow, and BullMQ takes priorities up to 2^21: they are counted from a base that follows. */
const BASE_STEP = 400_000
const PRIORITY_MAX = 2_000_000

/** The lane of a build's stages, by its event. */
export function laneOf(event: string): number {
  if (event === 'promote' || event === 'rollback' || event === 'custom') return LANES.first
  return event.startsWith('pull_request') ? LANES.last : LANES.normal
}

/** Where a stage stands among all that wait for the same runners. */
export interface Place {
  readonly share: number
  /** What priorities on its queue are counted from now. */
  readonly base: number
}

/** The priority of a stage's job: BullMQ takes the lowest first, and among equals the oldest. */
export function priorityOf({ share, base }: Place, lane: number): number {
  return Math.min(PRIORITY_MAX, Math.max(0, share - base) * 3 + lane + 1)
}

/**
 * Gives a stage its place: one behind the last that its own repo (and lane) has had, but not before what was
 * taken last. So a repo with a thousand stages and one with a single stage take turns, and nobody waits for ever
 * behind those that always have little (start-time fair queueing; Goyal, Vin and Cheng, 1996). A stage keeps its
 * place: when it has to be queued anew, or run anew, it comes where it was.
 */
export async function giveShare(db: Db, stage: StageStatusRow): Promise<Place> {
  const taken = await takenShare(db, stage.queue)
  const base = Math.floor(taken / BASE_STEP) * BASE_STEP
  if (stage.share > 0) return { share: stage.share, base }
  const share = Math.max(taken, (await lastShare(db, stage)) + 1)
  await db.updateTable('stages').set({ share }).where('id', '=', stage.id).execute()
  return { share, base }
}

/** The share of what is taken now: just below the least of what waits; when nothing does, the highest there was. */
async function takenShare(db: Db, queue: string): Promise<number> {
  const waiting = await db
    .selectFrom('stages')
    .select((eb) => eb.fn.min<number | null>('share').as('share'))
    .where('status', '=', 'pending')
    .where('queue', '=', queue)
    .where('share', '>', 0)
    .executeTakeFirst()
  if (typeof waiting?.share === 'number') return waiting.share - 1
  const row = await db
    .selectFrom('stages')
    .select((eb) => eb.fn.max<number | null>('share').as('share'))
    .where('queue', '=', queue)
    .executeTakeFirst()
  return row?.share ?? 0
}

async function lastShare(
  db: Db,
  { repo_id, queue, lane }: Pick<StageStatusRow, 'repo_id' | 'queue' | 'lane'>,
): Promise<number> {
  const row = await db
    .selectFrom('stages')
    .select((eb) => eb.fn.max<number | null>('share').as('share'))
    .where('repo_id', '=', repo_id)
    .where('queue', '=', queue)
    .where('lane', '=', lane)
    .executeTakeFirst()
  return row?.share ?? 0
}
