import type { Clock } from '../clock.js'
import { cancelBuild } from '../scheduling/cancel-build.js'
import type { Effects } from '../scheduling/effects.js'
import { transact } from '../scheduling/transact.js'
import type { Build, BuildDetail, Repo } from '../services.js'
import { findBuild } from '../store/builds.js'
import type { Db } from '../store/database.js'
import { planAt } from '../store/latest-builds.js'
import { openNumbersOfRepo } from '../store/open-builds.js'
import { inTransaction } from '../store/transaction.js'
import { createBuild } from './create-build.js'
import { requestInvalid } from './errors.js'
import { manualEvent } from './manual-event.js'
import { checkDeclared } from './params.js'
import { deployBuild, restartBuild } from './restart.js'
import { approveBuild, declineBuild } from './review.js'
import type { BuildActions } from './types.js'
import { wakeIngest } from './wake-ingest.js'
import type { IngestWaker } from './wake-ingest.js'

export interface ActionOptions extends IngestWaker {
  readonly db: Db
  readonly clock: Clock
}

type DetailOf = (build: Build | null) => Promise<BuildDetail | null>

/** Builds that were gone through at once when all are ended. */
const CANCELLED_AT_ONCE = 50

/** What people do with builds, in the database. */
export function createBuildActions(options: ActionOptions, detailOf: DetailOf): BuildActions {
  const change = async (repo: Repo, number: number, work: Change): Promise<BuildDetail | null> =>
    detailOf(await changed(options, repo, number, work))
  const reviewed = (review: typeof approveBuild) => (repo: Repo, number: number, by: string) =>
    change(repo, number, (tx, build, now, effects) => review(tx, build, { by, now }, effects))
  return {
    create: async (repo, request, by) => {
      const event = manualEvent(repo, request, by)
      // What a commit's file says never changes; that of a head is read when the build is compiled.
      if (event.after !== '') checkDeclared(await planAt(options.db, repo.id, event), event)
      const seed = { repoId: repo.id, event, parent: null, startedBy: by }
      const build = await made(options, (tx, now) => createBuild(tx, { ...seed, now }))
      if (build === null) throw requestInvalid('The repo was removed.', 'Add it again first.')
      return build
    },
    restart: (repo, number, how = {}) =>
      made(options, (tx, now) => restartBuild(tx, repo, number, how, now)),
    deploy: (repo, number, deployment) =>
      made(options, (tx, now) => deployBuild(tx, repo, number, deployment, now)),
    approve: reviewed(approveBuild),
    decline: reviewed(declineBuild),
    cancel: (repo, number, by) =>
      change(repo, number, (tx, build, now, effects) =>
        cancelBuild(tx, build, cancellation(by), now, effects),
      ),
    cancelAll: (repo, which, by) => cancelAll(options, repo, which, by),
  }
}

function cancellation(by: string | undefined): { reason: string; by?: string } {
  const reason = 'the build was cancelled'
  return by === undefined ? { reason } : { reason: `${reason} by ${by}`, by }
}

async function made(
  options: ActionOptions,
  make: (tx: Db, now: number) => Promise<Build | null>,
): Promise<Build | null> {
  const now = options.clock.now()
  const build = await inTransaction(options.db, (tx) => make(tx, now))
  if (build) wakeIngest(options, build.id)
  return build
}

type Change = (tx: Db, build: Build, now: number, effects: Effects) => Promise<void>

async function changed(
  { db, clock, dispatcher }: ActionOptions,
  repo: Repo,
  number: number,
  change: Change,
): Promise<Build | null> {
  const now = clock.now()
  const work = async (tx: Db, effects: Effects): Promise<void> => {
    const build = await findBuild(tx, repo.id, number)
    if (build) await change(tx, build, now, effects)
  }
  const effects = await transact(db, now, work, [repo.id])
  dispatcher.dispatch(effects)
  return findBuild(db, repo.id, number)
}

/** A few in each transaction: nobody else is to wait for all of them. */
async function cancelAll(
  { db, clock, dispatcher }: ActionOptions,
  repo: Repo,
  which: { readonly branch?: string },
  by: string,
): Promise<number> {
  const numbers = await openNumbersOfRepo(db, repo.id, which)
  for (let i = 0; i < numbers.length; i += CANCELLED_AT_ONCE) {
    const now = clock.now()
    const work = async (tx: Db, effects: Effects): Promise<void> => {
      for (const number of numbers.slice(i, i + CANCELLED_AT_ONCE)) {
        const build = await findBuild(tx, repo.id, number)
        if (build) await cancelBuild(tx, build, cancellation(by), now, effects)
      }
    }
    dispatcher.dispatch(await transact(db, now, work, [repo.id]))
  }
  return numbers.length
}
