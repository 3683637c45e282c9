import type { BuildEvent, RepoFacts } from '../../pipelines/event.js'
import type { StagePlan } from '../../pipelines/plan.js'
import type { StageJob } from '../../protocol/job.js'
import { allowedOf } from '../builds/allowed.js'
import type { BuildRow } from '../store/builds.js'
import type { RepoRow } from '../store/repos.js'
import type { StageRow } from '../store/stages.js'
import type { StepRow } from '../store/steps.js'

/** The rows that a job is made of. */
export interface StageJobSource {
  readonly repo: RepoRow
  readonly build: BuildRow
  readonly stage: StageRow
  readonly steps: readonly StepRow[]
}

/** The job of the stage's current attempt. `environment` are the variables of every step. */
export function makeStageJob(
  { repo, build, stage, steps }: StageJobSource,
  environment: Readonly<Record<string, string>>,
): StageJob {
  const plan = JSON.parse(stage.plan_json) as StagePlan
  const allow = allowedOf(repo)
  return {
    stageId: stage.id,
    buildId: build.id,
    buildNumber: build.number,
    attempt: stage.attempt,
    stageNumber: stage.number,
    repo: {
      id: repo.id,
      slug: `${repo.owner}/${repo.name}`,
      cloneUrl: repo.clone_url,
      allowFileTransport: repo.allow_file_transport === 1,
      ...(allow === null ? {} : { allow }),
    },
    commit: build.after,
    ref: build.ref,
    stage: plan,
    steps: steps.map(({ name, number }) => ({ name, number })),
    environment,
    timeoutMs: Math.min(repo.timeout_ms, plan.timeoutMs ?? repo.timeout_ms),
  }
}

/** The repo as conditions and variables see it. */
export function repoFactsOf(repo: RepoRow): RepoFacts {
  return {
    owner: repo.owner,
    name: repo.name,
    slug: `${repo.owner}/${repo.name}`,
    cloneUrl: repo.clone_url,
    link: repo.link,
    defaultBranch: repo.default_branch,
    private: repo.private === 1,
  }
}

/** The event that the build was made for. */
export function eventOf(build: BuildRow): BuildEvent {
  return JSON.parse(build.event_json) as BuildEvent
}
