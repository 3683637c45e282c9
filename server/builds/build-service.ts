import type { BuildEvent } from '../../pipelines/event.js'
import type { Clock } from '../clock.js'
import { cancelBuild } from '../scheduling/cancel-build.js'
import type { StoredDeliveryLog } from '../deliveries/delivery-log.js'
import type { Dispatcher } from '../scheduling/dispatcher.js'
import { transact } from '../scheduling/transact.js'
import type { Build, BuildDetail, BuildService, Repo } from '../services.js'
import { findBuild } from '../store/builds.js'
import { buildsPage } from '../store/builds-page.js'
import type { Db } from '../store/database.js'
import { latestBuildsBy, newestNumber } from '../store/latest-builds.js'
import { stagesOfBuild } from '../store/stages.js'
import type { StepRow } from '../store/steps.js'
import { findStepSeries } from '../store/step-usage.js'
import { stepsOfBuild } from '../store/steps.js'
import { inTransaction } from '../store/transaction.js'
import { acceptDelivery } from './accept.js'
import { createBuild } from './create-build.js'

export interface BuildServiceOptions {
  readonly db: Db
  readonly clock: Clock
  readonly dispatcher: Dispatcher
  /** To be told of each delivery that was written down. */
  readonly deliveries: Pick<StoredDeliveryLog, 'noteWritten'>
  /** Puts a build on the ingest queue. May fail: the reconciler does it then. */
  readonly ingest: (buildId: number) => Promise<void>
}

/** Builds in the database. */
export function createBuildService(options: BuildServiceOptions): BuildService {
  const { db, clock } = options
  return {
    accept: async (repo, delivery, events, reason) => {
      const result = await inTransaction(db, (tx) =>
        acceptDelivery(tx, { repo, delivery, events, reason, now: clock.now() }),
      )
      options.deliveries.noteWritten(repo.id)
      if (!result.duplicate) for (const { id } of result.builds) wakeIngest(options, id)
      return result
    },
    list: (repo, page) => buildsPage(db, repo.id, page),
    find: async (repo, number) => detailOf(db, await findBuild(db, repo.id, number)),
    latest: async (repo) => {
      const number = await newestNumber(db, repo.id)
      return detailOf(db, await findBuild(db, repo.id, number))
    },
    latestBy: (repo, by) => latestBuildsBy(db, repo.id, by),
    usageSeries: ({ stage_id, number }) => findStepSeries(db, stage_id, number),
    restart: (repo, number) => restart(options, repo, number),
    cancel: (repo, number) => cancel(options, repo, number),
  }
}

/** A delivery is answered once it is in the database, whether Redis is there or not. */
function wakeIngest({ dispatcher, ingest }: BuildServiceOptions, buildId: number): void {
  dispatcher.background(() => ingest(buildId))
}

async function detailOf(db: Db, build: Build | null): Promise<BuildDetail | null> {
  if (!build) return null
  const stages = await stagesOfBuild(db, build.id)
  const steps = new Map<number, StepRow[]>(stages.map((stage) => [stage.id, []]))
  for (const step of await stepsOfBuild(db, build.id)) steps.get(step.stage_id)?.push(step)
  return { build, stages: stages.map((stage) => ({ stage, steps: steps.get(stage.id) ?? [] })) }
}

async function restart(
  options: BuildServiceOptions,
  repo: Repo,
  number: number,
): Promise<Build | null> {
  const { db, clock } = options
  const build = await inTransaction(db, async (tx) => {
    const old = await findBuild(tx, repo.id, number)
    if (!old) return null
    const event = JSON.parse(old.event_json) as BuildEvent
    return createBuild(tx, { repoId: repo.id, event, parent: old, now: clock.now() })
  })
  if (build) wakeIngest(options, build.id)
  return build
}

async function cancel(
  { db, clock, dispatcher }: BuildServiceOptions,
  repo: Repo,
  number: number,
): Promise<BuildDetail | null> {
  const now = clock.now()
  const effects = await transact(
    db,
    now,
    async (tx, effects) => {
      const build = await findBuild(tx, repo.id, number)
      if (build) await cancelBuild(tx, build, 'the build was cancelled', now, effects)
    },
    [repo.id],
  )
  dispatcher.dispatch(effects)
  return detailOf(db, await findBuild(db, repo.id, number))
}
