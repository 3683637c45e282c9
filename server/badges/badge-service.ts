import type { Build, Repo } from '../services.js'
import type { Db } from '../store/database.js'

/** What badges and watchers show of a repo. */
export interface BadgeService {
  /** The newest build of a ref, and the newest that has ended; pull requests are nobody's state but their own. */
  stateOf(
    repo: Repo,
    ref: string,
  ): Promise<{ readonly newest: Build | null; readonly ended: Build | null }>
}

/** Reads that from the database. */
export function createBadgeService(db: Db): BadgeService {
  return {
    stateOf: async (repo, ref) => {
      const ofRef = db
        .selectFrom('builds')
        .selectAll()
        .where('repo_id', '=', repo.id)
        .where('ref', '=', ref)
        .where('event', '!=', 'pull_request')
        .orderBy('number', 'desc')
        .limit(1)
      const newest = await ofRef.executeTakeFirst()
      const ended = await ofRef.where('finished', '>', 0).executeTakeFirst()
      return { newest: newest ?? null, ended: ended ?? null }
    },
  }
}
