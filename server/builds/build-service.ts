import type { StoredDeliveryLog } from '../deliveries/delivery-log.js'
import { GroupCommit } from '../deliveries/group-commit.js'
import type { Transact } from '../deliveries/group-commit.js'
import type { Build, BuildDetail, BuildService } from '../services.js'
import { findBuild } from '../store/builds.js'
import { buildsPage } from '../store/builds-page.js'
import type { Db } from '../store/database.js'
import { latestBuildsBy, newestNumber, newestPlanned } from '../store/latest-builds.js'
import { isPostgres } from '../store/migrations/columns.js'
import { stagesOfBuild } from '../store/stages.js'
import type { StepRow } from '../store/steps.js'
import { findStepSeries } from '../store/step-usage.js'
import { stepsOfBuild } from '../store/steps.js'
import { inTransaction } from '../store/transaction.js'
import { acceptDelivery } from './accept.js'
import { createBuildActions } from './build-actions.js'
import type { ActionOptions } from './build-actions.js'
import { listQueue } from './queue.js'
import { declaredIn } from './params.js'
import { whyBuildWaits } from './waiting.js'
import type { WaitingSource } from './waiting.js'
import { wakeIngest } from './wake-ingest.js'

export interface BuildServiceOptions extends ActionOptions, WaitingSource {
  /** To be told of each delivery that was written down. */
  readonly deliveries: Pick<StoredDeliveryLog, 'noteWritten'>
}

/** Builds in the database. */
export function createBuildService(options: BuildServiceOptions): BuildService {
  const { db, clock } = options
  const acceptances = new GroupCommit<Db>((work) => inTransaction(db, work))
  // Postgres groups the flushes of those who commit at the same time itself.
  const inGroup: Transact<Db> = isPostgres(db)
    ? (work) => inTransaction(db, work)
    : (work) => acceptances.do(work)
  return {
    accept: async (repo, delivery, events, reason) => {
      const result = await inGroup((tx) =>
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
    parameters: async (repo, ref) => {
      const build = await newestPlanned(db, repo.id, ref)
      if (build === null) return null
      return { number: build.number, parameters: declaredIn(build.plan_json) }
    },
    latestBy: (repo, by) => latestBuildsBy(db, repo.id, by),
    usageSeries: ({ stage_id, number }) => findStepSeries(db, stage_id, number),
    ...createBuildActions(options, (build) => detailOf(db, build)),
    waiting: ({ build, stages }) =>
      whyBuildWaits(
        options,
        build,
        stages.map(({ stage }) => stage),
      ),
    queue: () => listQueue(options),
  }
}

async function detailOf(db: Db, build: Build | null): Promise<BuildDetail | null> {
  if (!build) return null
  const stages = await stagesOfBuild(db, build.id)
  const steps = new Map<number, StepRow[]>(stages.map((stage) => [stage.id, []]))
  const logs = new Map(stages.map(({ id, copied_from }) => [id, copied_from || id]))
  for (const step of await stepsOfBuild(db, build.id)) {
    // Of a stage that was taken over, logs and usage are kept under the one that ran.
    const stage_id = logs.get(step.stage_id) ?? step.stage_id
    steps.get(step.stage_id)?.push({ ...step, stage_id })
  }
  return { build, stages: stages.map((stage) => ({ stage, steps: steps.get(stage.id) ?? [] })) }
}
