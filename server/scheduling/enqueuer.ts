import { buildEnvironment } from '../../pipelines/environment/build-environment.js'
import type { BuildFacts, SystemFacts } from '../../pipelines/environment/build-environment.js'
import type { StagePlan } from '../../pipelines/plan.js'
import type { Logger } from 'pino'
import { messageOf } from '../../protocol/errors.js'
import type { StageJob } from '../../protocol/job.js'
import type { JobSealer } from '../secrets/job-sealer.js'
import type { BuildRow } from '../store/builds.js'
import { findBuildById } from '../store/builds.js'
import type { Db } from '../store/database.js'
import type { RepoRow } from '../store/repos.js'
import { findRepoById } from '../store/repos.js'
import type { PendingStage, StageRow } from '../store/stages.js'
import { findStageById, stageStatusesOfBuild } from '../store/stages.js'
import { stepsOfStage } from '../store/steps.js'
import { buildFactsOf } from './build-facts.js'
import { giveShare, priorityOf } from './fair-share.js'
import type { QueueLosses } from './queue-losses.js'
import { eventOf, makeStageJob, repoFactsOf } from './stage-job.js'
import type { StageQueues } from './stage-queues.js'

/** Queues whose base is remembered. */
const QUEUES_MAX = 10_000

/** Puts what the database says should be queued, and is not, on the queue. */
export class Enqueuer {
  readonly #db: Db
  readonly #queues: StageQueues
  readonly #system: () => SystemFacts
  readonly #seal: JobSealer
  readonly #losses: Pick<QueueLosses, 'declare'>
  readonly #logger: Logger
  readonly #bases = new Map<string, number>()

  constructor(options: {
    readonly db: Db
    readonly queues: StageQueues
    /** Known only once the server listens. */
    readonly system: () => SystemFacts
    /** Default: jobs bring no secrets. */
    readonly seal?: JobSealer
    /** Hears when jobs are taken from a queue that have to come back. */
    readonly losses: Pick<QueueLosses, 'declare'>
    readonly logger: Logger
  }) {
    this.#db = options.db
    this.#queues = options.queues
    this.#system = options.system
    this.#seal = options.seal ?? (() => Promise.resolve(undefined))
    this.#losses = options.losses
    this.#logger = options.logger
  }

  /** Queues the build's pending stages. Returns how many were not queued. */
  async enqueueBuild(buildId: number): Promise<number> {
    const stages = await stageStatusesOfBuild(this.#db, buildId)
    return this.enqueue(stages.filter((stage) => stage.status === 'pending'))
  }

  /**
   * Queues those of the pending stages that are not on their queue. Returns how many these were.
   * @throws when Redis or the database fails; what fails for a stage alone is logged, and keeps nobody else from it
   */
  async enqueue(stages: readonly PendingStage[]): Promise<number> {
    if (stages.length === 0) return 0
    const attempts = stages.map(({ id: stageId, attempt, queue, build_id: buildId }) => {
      return { stageId, attempt, queue, buildId }
    })
    const missing = await this.#queues.missing(attempts)
    const builds = new Map<number, BuildSource | null>()
    for (const { stageId, attempt, buildId } of missing) {
      const source =
        builds.get(buildId) ?? (await this.#orNull(stageId, () => this.#readBuild(buildId)))
      builds.set(buildId, source)
      const stage = await findStageById(this.#db, stageId)
      // It was removed, or a runner took it, in this moment.
      if (!source || stage?.status !== 'pending' || stage.attempt !== attempt) continue
      await this.#add(source, stage)
    }
    return missing.length
  }

  async #add(source: BuildSource, stage: StageRow): Promise<void> {
    const job = await this.#orNull(stage.id, () => this.#makeJob(source, stage))
    if (job === null) return
    const place = await giveShare(this.#db, stage)
    await this.#rebase(stage.queue, place.base)
    await this.#queues.add(stage.queue, job, priorityOf(place, stage.lane))
  }

  async #orNull<T>(stageId: number, make: () => Promise<T>): Promise<T | null> {
    try {
      return await make()
    } catch (error) {
      this.#logger.warn({ stageId, reason: messageOf(error) }, 'a stage has no job')
      return null
    }
  }

  async #makeJob({ repo, build, facts }: BuildSource, stage: StageRow): Promise<StageJob> {
    const steps = await stepsOfStage(this.#db, stage.id)
    const environment = buildEnvironment({
      event: eventOf(build),
      repo: repoFactsOf(repo),
      build: facts,
      stage: { ...(JSON.parse(stage.plan_json) as StagePlan), number: stage.number },
      system: this.#system(),
    })
    const source = { repo, build, stage, steps }
    const job = makeStageJob(source, environment)
    const sealed = await this.#seal(source, job)
    return sealed === undefined ? job : { ...job, sealed }
  }

  /** What waits with priorities from an older base would be behind all that comes: it is queued anew by the next look. */
  async #rebase(queue: string, base: number): Promise<void> {
    const before = this.#bases.get(queue) ?? base
    if (before !== base) {
      await this.#queues.drain(queue)
      await this.#losses.declare()
    }
    // Whoever can push names queues.
    if (this.#bases.size >= QUEUES_MAX) this.#bases.clear()
    this.#bases.set(queue, base)
  }

  async #readBuild(buildId: number): Promise<BuildSource | null> {
    const build = await findBuildById(this.#db, buildId)
    const repo = build && (await findRepoById(this.#db, build.repo_id))
    if (!build || !repo) return null
    const stages = await stageStatusesOfBuild(this.#db, buildId)
    const facts = await buildFactsOf(this.#db, { repo, build, stages }, this.#system())
    return { repo, build, facts }
  }
}

/** What the jobs of a build have in common. */
interface BuildSource {
  readonly repo: RepoRow
  readonly build: BuildRow
  readonly facts: BuildFacts
}
