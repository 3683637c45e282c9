import { buildEnvironment } from '../../pipelines/environment/build-environment.js'
import type { SystemFacts } from '../../pipelines/environment/build-environment.js'
import type { StagePlan } from '../../pipelines/plan.js'
import type { Db } from '../store/database.js'
import { findBuildById } from '../store/builds.js'
import { findRepoById } from '../store/repos.js'
import type { StageRow } from '../store/stages.js'
import { pendingStages, stagesOfBuild } from '../store/stages.js'
import { stepsOfStage } from '../store/steps.js'
import type { StageJobSource } from './stage-job.js'
import { eventOf, makeStageJob, repoFactsOf } from './stage-job.js'
import type { QueuedAttempt, StageQueues } from './stage-queues.js'

/** Stages looked at in one go; the next go follows soon. */
const PENDING_MAX = 1_000

/** Puts what the database says should be queued, and is not, on the queue. */
export class Enqueuer {
  readonly #db: Db
  readonly #queues: StageQueues
  readonly #system: () => SystemFacts

  constructor(options: {
    readonly db: Db
    readonly queues: StageQueues
    /** Known only once the server listens. */
    readonly system: () => SystemFacts
  }) {
    this.#db = options.db
    this.#queues = options.queues
    this.#system = options.system
  }

  /** Queues the build's pending stages. Returns how many were not queued. */
  async enqueueBuild(buildId: number): Promise<number> {
    const stages = await stagesOfBuild(this.#db, buildId)
    return this.#enqueue(stages.filter((stage) => stage.status === 'pending'))
  }

  /** Queues every pending stage. Returns how many were not queued. */
  async enqueueAll(): Promise<number> {
    return this.#enqueue(await pendingStages(this.#db, PENDING_MAX))
  }

  async #enqueue(stages: readonly StageRow[]): Promise<number> {
    if (stages.length === 0) return 0
    const byAttempt = new Map<QueuedAttempt, StageRow>()
    for (const stage of stages) {
      const { id: stageId, attempt, os, arch } = stage
      byAttempt.set({ stageId, attempt, os, arch }, stage)
    }
    const missing = await this.#queues.missing([...byAttempt.keys()])
    for (const attempt of missing) {
      const stage = byAttempt.get(attempt)
      if (stage) await this.#add(stage)
    }
    return missing.length
  }

  async #add(stage: StageRow): Promise<void> {
    const build = await findBuildById(this.#db, stage.build_id)
    const repo = await findRepoById(this.#db, stage.repo_id)
    // Removed in this moment.
    if (!build || !repo) return
    const steps = await stepsOfStage(this.#db, stage.id)
    const source = { repo, build, stage, steps }
    await this.#queues.add(makeStageJob(source, this.#environment(source)))
  }

  #environment({ repo, build, stage }: StageJobSource): Record<string, string> {
    const system = this.#system()
    const facts = repoFactsOf(repo)
    const { number, parent, created, started } = build
    const link = `${system.link}/api/repos/${facts.slug}/builds/${number}`
    return buildEnvironment({
      event: eventOf(build),
      repo: facts,
      build: { number, parent, created, started, link },
      stage: { ...(JSON.parse(stage.plan_json) as StagePlan), number: stage.number },
      system,
    })
  }
}
