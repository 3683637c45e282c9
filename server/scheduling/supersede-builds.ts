import type { BuildRow } from '../store/builds.js'
import type { Db } from '../store/database.js'
import { olderOpenBuilds } from '../store/open-builds.js'
import type { RepoRow } from '../store/repos.js'
import { findRepoById } from '../store/repos.js'
import { cancelBuild } from './cancel-build.js'
import type { Effects } from './effects.js'

/**
 * Ends the older builds of the same branch, or pull request, where the repo's settings say so. Only what a
 * webhook made does that, and only that is ended: whoever starts a build by hand wants it. Call it in a
 * transaction (`transact`) when the newer build is known to have something to run.
 */
export async function supersedeBuilds(
  db: Db,
  newer: BuildRow,
  now: number,
  effects: Effects,
): Promise<void> {
  if (newer.parent !== 0 || newer.started_by !== '@hook') return
  const repo = await findRepoById(db, newer.repo_id)
  if (!repo || !isWanted(repo, newer)) return
  const reason = `superseded by build #${newer.number}`
  const older = await olderOpenBuilds(db, newer, { running: repo.auto_cancel_running === 1 })
  for (const build of older) await cancelBuild(db, build, { reason }, now, effects)
}

function isWanted(repo: RepoRow, { event }: BuildRow): boolean {
  if (event === 'push') return repo.auto_cancel_pushes === 1
  return event === 'pull_request' && repo.auto_cancel_pull_requests === 1
}
