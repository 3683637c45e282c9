import type { Db } from '../store/database.js'
import { statusesOfCommit } from '../store/statuses.js'
import { fullContext } from './read-status.js'
import type { StatusService } from './types.js'

/** Statuses in the database. */
export function createStatusService(db: Db, prefix: string): StatusService {
  return {
    async ofBuild(repo, build) {
      const rows = await statusesOfCommit(db, repo.id, build.after)
      return rows.map(({ context, state, description, link, due, failures, error, ...row }) => ({
        ...{ state, description, link, due, failures, error },
        context: fullContext(prefix, context),
        build: row.build_number,
        sentAt: row.sent_at,
      }))
    },
  }
}
