import { createBuild } from '../builds/create-build.js'
import { headEvent } from '../builds/manual-event.js'
import type { BuildRow } from '../store/builds.js'
import type { CronRow } from '../store/crons.js'
import { setLastBuild } from '../store/crons.js'
import type { Db } from '../store/database.js'

/** Makes the build of a cron; null when its repo was removed. Call it in a transaction. */
export async function createCronBuild(
  db: Db,
  cron: CronRow,
  startedBy: string,
  now: number,
): Promise<BuildRow | null> {
  const event = {
    ...headEvent(cron.branch, startedBy),
    event: 'cron' as const,
    cron: cron.name,
    deployTo: cron.target,
  }
  const build = await createBuild(db, { repoId: cron.repo_id, event, parent: null, startedBy, now })
  if (build) await setLastBuild(db, cron.id, build.number)
  return build
}
