import { SandpiperError } from '../../protocol/errors.js'
import { recordAudit } from '../audit/record.js'
import type { Clock } from '../clock.js'
import type { Principal } from '../people/principal.js'
import type { SecretBox } from '../secrets/box.js'
import type { Repo } from '../services.js'
import { newestNumber } from '../store/latest-builds.js'
import type { Db } from '../store/database.js'
import { findRepoById, updateRepo } from '../store/repos.js'
import { inTransaction } from '../store/transaction.js'
import { columnsOf } from './repo-change.js'
import type { RepoChange } from './repo-change.js'

/**
 * Changes settings of a repo, and writes down who did. Null: it is gone.
 * @throws SandpiperError SP_REPO_INVALID
 */
export async function changeRepo(
  { db, clock, secrets }: { readonly db: Db; readonly clock: Clock; readonly secrets: SecretBox },
  repo: Repo,
  change: RepoChange,
  actor: Principal | null,
): Promise<Repo | null> {
  const columns = columnsOf(repo, change, secrets)
  const now = clock.now()
  return inTransaction(db, async (tx) => {
    if (change.counter !== undefined) await checkCounter(tx, repo, change.counter)
    await updateRepo(tx, repo.id, { ...columns, updated: now })
    await recordAudit(tx, {
      ...{ actor, action: 'repo.update', subject: `${repo.owner}/${repo.name}`, repoId: repo.id },
      ...{ detail: told(change), at: now },
    })
    return findRepoById(tx, repo.id)
  })
}

/** The numbers of builds are never given twice. */
async function checkCounter(tx: Db, repo: Repo, counter: number): Promise<void> {
  const newest = await newestNumber(tx, repo.id)
  if (counter >= newest) return
  const message = `set the counter of ${repo.owner}/${repo.name} to ${counter}: build ${newest} is there`
  throw new SandpiperError('SP_REPO_INVALID', message, { hint: `Use ${newest} or more.` })
}

/** The change without its secret. */
function told({ forgeToken, ...change }: RepoChange): Readonly<Record<string, unknown>> {
  return forgeToken === undefined ? change : { ...change, forgeToken: forgeToken && '***' }
}
