import { buildEnvironment } from '../../pipelines/environment/build-environment.js'
import type { BuildFacts, SystemFacts } from '../../pipelines/environment/build-environment.js'
import type { StagePlan } from '../../pipelines/plan.js'
import type { JobSealer } from '../secrets/job-sealer.js'
import type { BuildRow } from '../store/builds.js'
import { findBuildById } from '../store/builds.js'
import type { Db } from '../store/database.js'
import type { RepoRow } from '../store/repos.js'
import { findRepoById } from '../store/repos.js'
import type { StageRow, StageStatusRow } from '../store/stages.js'
import { findStageById, pendingStages, stageStatusesOfBuild } from '../store/stages.js'
import { stepsOfStage } from '../store/steps.js'
import { buildFactsOf } from './build-facts.js'
import { giveShare, priorityOf } from './fair-share.js'
import { eventOf, makeStageJob, repoFactsOf } from './stage-job.js'
import type { StageQueues } from './stage-queues.js'

/** Stages held in memory at once. */
const PAGE_SIZE = 1_000
/** Queues whose base is remembered. */
const QUEUES_MAX = 10_000

/** Puts what the database says should be queued, and is not, on the queue. */
export class Enqueuer {
  readonly #db: Db
  readonly #queues: StageQueues
  readonly #system: () => SystemFacts
  readonly #seal: JobSealer
  readonly #pageSize: number
  readonly #bases = new Map<string, number>()

  constructor(options: {
    readonly db: Db
    readonly queues: StageQueues
    /** Known only once the server listens. */
    readonly system: () => SystemFacts
    /** Default: jobs bring no secrets. */
    readonly seal?: JobSealer
    readonly pageSize?: number
  }) {
    this.#db = options.db
    this.#queues = options.queues
    this.#system = options.system
    this.#seal = options.seal ?? (() => Promise.resolve(undefined))
    this.#pageSize = options.pageSize ?? PAGE_SIZE
  }

  /** Queues the build's pending stages. Returns how many were not queued. */
  async enqueueBuild(buildId: number): Promise<number> {
    const stages = await stageStatusesOfBuild(this.#db, buildId)
    return this.#enqueue(stages.filter((stage) => stage.status === 'pending'))
  }

  /** Queues every pending stage. Returns how many were not queued. */
  async enqueueAll(): Promise<number> {
    let count = 0
    let page = await pendingStages(this.#db, this.#pageSize)
    // To the end: stages that no runner takes must not hide those behind them.
    for (let last = page.at(-1); last; last = page.at(-1)) {
      count += await this.#enqueue(page)
      page = await pendingStages(this.#db, this.#pageSize, last)
    }
    return count
  }

  async #enqueue(stages: readonly StageStatusRow[]): Promise<number> {
    if (stages.length === 0) return 0
    const attempts = stages.map(({ id: stageId, attempt, queue, build_id: buildId }) => {
      return { stageId, attempt, queue, buildId }
    })
    const missing = await this.#queues.missing(attempts)
    const builds = new Map<number, BuildSource | null>()
    for (const { stageId, queue, buildId } of missing) {
      const source = builds.get(buildId) ?? (await this.#readBuild(buildId))
      builds.set(buildId, source)
      const stage = await findStageById(this.#db, stageId)
      // Removed in this moment.
      if (!source || !stage) continue
      const place = await giveShare(this.#db, stage)
      await this.#rebase(queue, place.base)
      await this.#add(queue, source, stage, priorityOf(place, stage.lane))
    }
    return missing.length
  }

  async #add(
    queue: string,
    { repo, build, facts }: BuildSource,
    stage: StageRow,
    priority: number,
  ): Promise<void> {
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
    await this.#queues.add(queue, sealed === undefined ? job : { ...job, sealed }, priority)
  }

  /** What waits with priorities from an older base would be behind all that comes: it is queued anew by the next look. */
  async #rebase(queue: string, base: number): Promise<void> {
    const before = this.#bases.get(queue) ?? base
    // Whoever can push names queues.
    if (this.#bases.size >= QUEUES_MAX) this.#bases.clear()
    this.#bases.set(queue, base)
    if (before !== base) await this.#queues.drain(queue)
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
