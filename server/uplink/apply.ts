import { isTerminal } from '../../protocol/status.js'
import type {
  AttemptRef,
  Heartbeat,
  RunningUsage,
  StageAbandoned,
  StageFinished,
  StageStarted,
  StepFinished,
  StepStarted,
  UplinkMessage,
} from '../../protocol/uplink.js'
import { advanceBuild } from '../scheduling/advance.js'
import type { Effects } from '../scheduling/effects.js'
import { endStage } from '../scheduling/end-stage.js'
import { loseAttempt } from '../scheduling/lose-attempt.js'
import { findBuildById, updateBuild } from '../store/builds.js'
import type { Db } from '../store/database.js'
import { saveMachine } from '../store/sessions.js'
import type { StageRow } from '../store/stages.js'
import { findStageById, updateStage } from '../store/stages.js'
import { insertStepLog, newStepLog } from '../store/step-logs.js'
import { saveStepSeries } from '../store/step-usage.js'
import { updateRunningStep, updateStep } from '../store/steps.js'
import { archiveProblem } from './archive-log.js'
import type { ArchivedLog } from './archive-log.js'

/** What messages are applied with. */
export interface ApplyContext {
  /** A transaction. */
  readonly db: Db
  /** Unix milliseconds. */
  readonly now: number
  readonly leaseMs: number
  readonly effects: Effects
  /** What the archive has of the log of a step that has ended. */
  readonly archived: (message: StepFinished) => ArchivedLog
}

/**
 * Applies one message of a session to the database. State from a session that does not hold the
 * attempt changes nothing; `judge` tells that session so. Log chunks are the archive's business.
 */
export async function applyMessage(
  context: ApplyContext,
  session: string,
  message: UplinkMessage,
): Promise<void> {
  switch (message.type) {
    case 'stage.started':
      return applyStageStarted(context, message.holder ?? session, message)
    case 'step.started':
      return applyStepStarted(context, message.holder ?? session, message)
    case 'step.finished':
      return applyStepFinished(context, message.holder ?? session, message)
    case 'stage.finished':
      return applyStageFinished(context, message.holder ?? session, message)
    case 'stage.abandoned':
      return applyStageAbandoned(context, message)
    case 'heartbeat':
      return applyHeartbeat(context, session, message)
    case 'log':
      return
  }
}

/** The first session that asks for a pending attempt gets it. */
async function applyStageStarted(
  { db, now, leaseMs, effects }: ApplyContext,
  session: string,
  message: StageStarted,
): Promise<void> {
  const stage = await findStageById(db, message.stageId)
  const isFree = stage?.status === 'pending' && stage.session === ''
  if (!stage || !isFree || stage.attempt !== message.attempt) return
  const started = timeOf(message, now)
  await updateStage(db, stage.id, {
    status: 'running',
    session,
    machine: message.machine,
    started,
    lease_until: now + leaseMs,
    updated: now,
  })
  const { id: stageId, build_id: buildId } = stage
  effects.observed.push({
    ...{ kind: 'stage.started', buildId, stageId },
    waitMs: started - stage.queued,
  })
  const build = await findBuildById(db, stage.build_id)
  if (build?.status === 'pending') {
    await updateBuild(db, build.id, { status: 'running', started, updated: now })
  }
}

async function applyStepStarted(
  context: ApplyContext,
  session: string,
  message: StepStarted,
): Promise<void> {
  const stage = await heldStage(context.db, session, message)
  if (!stage) return
  const started = timeOf(message, context.now)
  await updateStep(context.db, stage.id, message.step, { status: 'running', started })
  noteLog(context.effects, message)
}

async function applyStepFinished(
  context: ApplyContext,
  session: string,
  message: StepFinished,
): Promise<void> {
  const stage = await heldStage(context.db, session, message)
  if (!stage) return
  const archived = context.archived(message)
  const problem = archiveProblem(archived, message.log)
  await updateStep(context.db, stage.id, message.step, {
    status: message.status,
    exit_code: message.exitCode,
    error: [message.error, problem].filter((text) => text !== '').join('; '),
    stopped: timeOf(message, context.now),
    usage_json: message.usage === null ? null : JSON.stringify(message.usage),
    log_bytes: archived.bytes,
    log_lines: message.log.lines,
    log_sha256: message.log.sha256,
  })
  if (archived.bytes > 0) await noteCompleteLog(context, stage, message)
  const { step, series } = message
  noteStepEnd(context.effects, message)
  if (series !== undefined) await saveStepSeries(context.db, stage.id, step, series)
  noteLog(context.effects, message)
}

/** From now on it can be archived, and counts for what its repo may keep. */
async function noteCompleteLog(
  { db, now, archived }: ApplyContext,
  stage: StageRow,
  message: StepFinished,
): Promise<void> {
  const { bytes, sha256 } = archived(message)
  const { stageId, attempt, step } = message
  const row = { stageId, attempt, step, repo_id: stage.repo_id, bytes, sha256, finished: now }
  await insertStepLog(db, newStepLog(row))
}

async function applyStageFinished(
  context: ApplyContext,
  session: string,
  message: StageFinished,
): Promise<void> {
  const { db, now, effects } = context
  const stage = await heldStage(db, session, message)
  if (!stage) return
  const { status, error } = message
  const end = { status, error, at: timeOf(message, now), byRunner: true }
  await endStage(db, stage, end, effects)
  await advanceBuild(db, stage.build_id, now, effects)
}

/** A runner that starts again speaks for the dead one before it, so the session is not its own. */
async function applyStageAbandoned(
  { db, now, effects }: ApplyContext,
  message: StageAbandoned,
): Promise<void> {
  const stage = await findStageById(db, message.stageId)
  if (stage?.status !== 'running' || stage.attempt !== message.attempt) return
  await loseAttempt(db, stage, message.reason, now, effects)
}

async function applyHeartbeat(
  { db, now, leaseMs }: ApplyContext,
  session: string,
  message: Heartbeat,
): Promise<void> {
  await saveMachine(db, session, message.machine)
  for (const ref of message.stages) {
    const stage = await heldStage(db, session, ref)
    if (stage) await updateStage(db, stage.id, { lease_until: now + leaseMs, updated: now })
  }
  for (const report of message.usage ?? []) await applyUsage(db, session, report)
}

/** What a step used in the end may have come first: that stays. */
async function applyUsage(db: Db, session: string, report: RunningUsage): Promise<void> {
  const stage = await heldStage(db, session, report)
  if (!stage) return
  const usage_json = JSON.stringify(report.totals)
  const isRunning = await updateRunningStep(db, stage.id, report.step, { usage_json })
  if (isRunning) await saveStepSeries(db, stage.id, report.step, report.series)
}

/** The stage, when the session holds that attempt of it and it has not ended. */
async function heldStage(db: Db, session: string, ref: AttemptRef): Promise<StageRow | null> {
  const stage = await findStageById(db, ref.stageId)
  if (!stage || isTerminal(stage.status)) return null
  return isHeldBy(stage, session, ref) ? stage : null
}

/** True when the attempt is the session's, whether it has ended or not. */
export function isHeldBy(stage: StageRow, session: string, ref: AttemptRef): boolean {
  return stage.attempt === ref.attempt && stage.session === session
}

/** A runner's clock may be wrong, but nothing it tells of lies ahead of us. */
function timeOf(message: { readonly at: number }, now: number): number {
  return Math.min(Math.floor(message.at), now)
}

/** A step that did not run has no usage, and took no time that would be worth a look. */
function noteStepEnd(effects: Effects, { status, usage }: StepFinished): void {
  if (usage === null) return
  const { wallMs: durationMs, startMs } = usage
  const seen = { kind: 'step.finished', status, durationMs } as const
  effects.observed.push(startMs === undefined ? seen : { ...seen, startMs })
}

function noteLog(effects: Effects, ref: AttemptRef & { readonly step: number }): void {
  effects.logs.push({ stageId: ref.stageId, attempt: ref.attempt, step: ref.step })
}
