import { declineBuild } from '../builds/review.js'
import { findBuildById } from '../store/builds.js'
import type { Db } from '../store/database.js'
import { blockedBefore } from '../store/open-builds.js'
import type { Effects } from './effects.js'
import { transact } from './transact.js'

/** How long a build waits for approval, in milliseconds. */
export const APPROVAL_MS = 7 * 24 * 60 * 60_000
/** Builds that are ended in one go. */
const ROWS_MAX = 1_000

/** Ends builds that nobody has approved for a week. `dispatch` gets what is left to do for each. */
export async function expireApprovals(
  db: Db,
  now: number,
  dispatch: (effects: Effects) => void,
): Promise<void> {
  for (const { id, repo_id } of await blockedBefore(db, now - APPROVAL_MS, ROWS_MAX)) {
    const work = async (tx: Db, effects: Effects): Promise<void> => {
      const build = await findBuildById(tx, id)
      if (build?.status !== 'blocked') return
      await declineBuild(tx, build, { by: '@expiry', now }, effects)
    }
    dispatch(await transact(db, now, work, [repo_id]))
  }
}
