import type { Plan, StagePlan, StepPlan } from '../../pipelines/plan.js'
import { stageQueue } from '../../protocol/keys.js'
import { isTerminal } from '../../protocol/status.js'
import { columnsOf } from '../builds/create-build.js'
import { advanceBuild } from '../scheduling/advance.js'
import type { Effects } from '../scheduling/effects.js'
import { cancelStage } from '../scheduling/cancel-stage.js'
import { eventOf } from '../scheduling/stage-job.js'
import { laneOf } from '../scheduling/fair-share.js'
import { supersededReason } from '../scheduling/supersede.js'
import { supersedeBuilds } from '../scheduling/supersede-builds.js'
import { turnDomain } from '../scheduling/turns.js'
import type { BuildRow } from '../store/builds.js'
import { findBuildById, updateBuild } from '../store/builds.js'
import type { Db } from '../store/database.js'
import { insertStage, stageStatusesOfBuild } from '../store/stages.js'
import { insertSteps } from '../store/steps.js'
import { copyStage, keptStagesOf } from './copy-stage.js'
import type { IngestResult } from './ingest-build.js'
import { encodeWarnings } from './warnings.js'

/**
 * Writes what became of compiling a build: its stages and steps, the first of which become pending,
 * or its end. Does nothing when the build has a plan or has ended: two ingests of one build make one.
 * Call it in a transaction (`transact`).
 */
export async function storePlan(
  db: Db,
  buildId: number,
  result: IngestResult,
  now: number,
  effects: Effects,
): Promise<void> {
  const build = await findBuildById(db, buildId)
  if (build?.status !== 'pending' || build.plan_json !== null) return
  if (!result.plan) {
    const end = { status: 'error', error: result.error, finished: now, updated: now } as const
    await updateBuild(db, buildId, { ...end, ...(result.event && columnsOf(result.event)) })
    return
  }
  const { plan } = result
  await updateBuild(db, buildId, {
    plan_json: JSON.stringify(plan),
    ...columnsOf(result.event),
    warnings_json: encodeWarnings(result.warnings),
    updated: now,
  })
  if (plan.stages.length === 0) {
    const end = {
      status: 'skipped',
      error: skipReasons(plan),
      finished: now,
      updated: now,
    } as const
    await updateBuild(db, buildId, end)
    return
  }
  const domain = turnDomain(eventOf(build))
  const kept = await keptStagesOf(db, build, plan)
  for (const [index, stage] of plan.stages.entries()) {
    const old = kept.get(stage.name)
    if (old) await copyStage(db, { build, old, plan: stage }, index + 1, now)
    else await storeStage(db, { build, domain }, stage, index + 1, now)
  }
  await supersedeBuilds(db, build, now, effects)
  await endSuperseded(db, buildId, now, effects)
  if (build.approval === 'required') {
    await updateBuild(db, buildId, { status: 'blocked', updated: now })
  }
  await advanceBuild(db, buildId, now, effects)
}

/** Builds are not compiled in their order: what was superseded before it was there has ended too. */
async function endSuperseded(
  db: Db,
  buildId: number,
  now: number,
  effects: Effects,
): Promise<void> {
  const reasons = new Map<string, string>()
  for (const stage of await stageStatusesOfBuild(db, buildId)) {
    const group = stage.concurrency_group
    if (group === '' || isTerminal(stage.status)) continue
    const reason = reasons.get(group) ?? (await supersededReason(db, stage))
    reasons.set(group, reason)
    if (reason !== '') await cancelStage(db, stage, reason, now, effects)
  }
}

function skipReasons(plan: Plan): string {
  if (plan.skipped.length === 0) return 'the file has no pipelines'
  return plan.skipped.map(({ name, reason }) => `${name}: ${reason}`).join('\n')
}

async function storeStage(
  db: Db,
  { build, domain }: { readonly build: BuildRow; readonly domain: string },
  plan: StagePlan,
  number: number,
  now: number,
): Promise<void> {
  const stage = await insertStage(db, {
    build_id: build.id,
    repo_id: build.repo_id,
    number,
    name: plan.name,
    kind: plan.kind,
    type: plan.type,
    os: plan.platform.os,
    arch: plan.platform.arch,
    variant: plan.platform.variant ?? '',
    os_version: plan.platform.version ?? '',
    labels_json: JSON.stringify(plan.labels ?? {}),
    queue: stageQueue(plan.platform, plan.labels),
    concurrency_group: plan.concurrency?.group ?? '',
    concurrency_domain: domain,
    build_origin: build.origin,
    lane: laneOf(build.event),
    concurrency_limit: plan.concurrency?.limit ?? 0,
    cancel_previous: plan.concurrency?.cancelPrevious === true ? 1 : 0,
    status: 'waiting_on_dependencies',
    error: '',
    exit_code: 0,
    attempt: 1,
    session: '',
    machine: '',
    lease_until: 0,
    cancel_requested: 0,
    depends_on_json: JSON.stringify(plan.dependsOn),
    on_success: plan.runOn.success ? 1 : 0,
    on_failure: plan.runOn.failure ? 1 : 0,
    plan_json: JSON.stringify(plan),
    created: now,
    queued: 0,
    started: 0,
    stopped: 0,
    updated: now,
  })
  const steps = plan.steps.map((step, index) => stepRow(stage.id, step, index + 1))
  await insertSteps(db, steps)
}

function stepRow(stageId: number, plan: StepPlan, number: number) {
  const step = plan.kind === 'clone' ? undefined : plan
  return {
    stage_id: stageId,
    number,
    name: plan.name,
    image: step?.image ?? '',
    status: 'pending' as const,
    error: '',
    errignore: step?.failure === 'ignore' ? 1 : 0,
    exit_code: 0,
    detached: step?.detach === true ? 1 : 0,
    depends_on_json: JSON.stringify(plan.dependsOn),
    started: 0,
    stopped: 0,
    usage_json: null,
    log_bytes: 0,
    log_lines: 0,
    log_sha256: '',
  }
}
