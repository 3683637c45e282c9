import { recordAudit } from '../audit/record.js'
import type { Clock } from '../clock.js'
import type { LogService } from '../services.js'
import { hasNoCopies } from '../store/copied-stages.js'
import type { Db } from '../store/database.js'
import { findStepLog } from '../store/step-logs.js'
import type { LogStore } from './log-store.js'
import type { LogWatcher } from './log-watcher.js'
import { removeBuilds, removeLog } from './remove-logs.js'

/** Builds that are removed between two looks at the signal. */
const PURGE_BATCH = 50

export interface LogServiceOptions {
  readonly db: Db
  readonly logs: LogStore
  readonly watcher: LogWatcher
  readonly clock: Clock
}

/** Logs as the HTTP side sees them. */
export function createLogService({ db, logs, watcher, clock }: LogServiceOptions): LogService {
  return {
    store: logs,
    watch: (ref, listener) => watcher.watch(ref, listener),
    async isRemoved(ref) {
      return ((await findStepLog(db, ref))?.removed ?? 0) > 0
    },
    async remove(repo, ref, actor) {
      const subject = `${repo.owner}/${repo.name} stage ${ref.stageId} step ${ref.step}`
      await recordAudit(db, { actor, action: 'log.delete', subject, repoId: repo.id })
      await removeLog(db, logs, { ...ref, repoId: repo.id }, clock.now())
      watcher.notify(ref)
    },
    async removeBuilds(repo, { before, actor, signal }) {
      const subject = `${repo.owner}/${repo.name} before ${before}`
      await recordAudit(db, { actor, action: 'build.purge', subject, repoId: repo.id })
      const isSignalled = () => signal.aborted
      while (!isSignalled()) {
        const ids = await endedBefore(db, repo.id, before)
        await removeBuilds(db, logs, ids)
        if (ids.length < PURGE_BATCH) return true
      }
      return false
    },
  }
}

async function endedBefore(db: Db, repoId: number, before: number): Promise<number[]> {
  const rows = await db
    .selectFrom('builds')
    .select('id')
    .where('repo_id', '=', repoId)
    .where('number', '<', before)
    .where('finished', '>', 0)
    .where(hasNoCopies)
    .orderBy('number')
    .limit(PURGE_BATCH)
    .execute()
  return rows.map(({ id }) => id)
}
