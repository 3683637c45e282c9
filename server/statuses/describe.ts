import type { CommitStatus, StatusState } from '../forges/types.js'
import { isFailure, isTerminal, type Status } from '../../protocol/status.js'
import { DESCRIPTION_LENGTH_MAX } from './limits.js'

/** What a status is made from. Times are Unix milliseconds, 0: not yet. */
export interface BuildState {
  readonly status: Status
  readonly error: string
  readonly started: number
  readonly finished: number
  readonly stages: readonly StageState[]
}

export interface StageState {
  readonly number: number
  readonly name: string
  readonly status: Status
  readonly error: string
  readonly cancelReason: string
  readonly steps: readonly StepState[]
}

export interface StepState {
  readonly number: number
  readonly name: string
  readonly status: Status
  readonly error: string
  readonly exitCode: number
  readonly isIgnored: boolean
  readonly started: number
  readonly stopped: number
}

/** What the forge is told of a build, and where its link leads. */
export interface Description extends Pick<CommitStatus, 'state' | 'description'> {
  /** The step that failed. */
  readonly step?: { readonly stage: number; readonly step: number }
}

/** Says in words how a build stands. */
export function describeBuild(build: BuildState): Description {
  const state = STATES[build.status]
  const failed = isFailure(build.status) ? failedStep(build.stages) : undefined
  const text = failed ? stepText(failed, build) : buildText(build)
  return {
    state,
    description: oneLine(text),
    ...(failed ? { step: { stage: failed.stage.number, step: failed.step.number } } : {}),
  }
}

/** A build that had nothing to do must not hold up a merge; one that nobody let through must. */
const STATES: Readonly<Record<Status, StatusState>> = {
  waiting_on_dependencies: 'pending',
  blocked: 'pending',
  pending: 'pending',
  running: 'running',
  success: 'success',
  failure: 'failure',
  error: 'error',
  killed: 'killed',
  skipped: 'success',
  declined: 'failure',
}

interface FailedStep {
  readonly stage: StageState
  readonly step: StepState
}

/** The first one in the order of the file; one that was ended because another had failed comes after that. */
function failedStep(stages: readonly StageState[]): FailedStep | undefined {
  const steps = stages.flatMap((stage) => stage.steps.map((step) => ({ stage, step })))
  const failed = steps.filter(({ step }) => isFailure(step.status) && !step.isIgnored)
  return failed.find(({ step }) => step.status !== 'killed') ?? failed[0]
}

function stepText({ stage, step }: FailedStep, { stages, status }: BuildState): string {
  const name = stages.length > 1 ? `${stage.name}/${step.name}` : step.name
  if (status === 'killed') return reasonOf({ stages, error: '' }, 'cancelled')
  const time = step.started > 0 && step.stopped > 0 ? duration(step.stopped - step.started) : ''
  const after = time === '' ? '' : ` after ${time}`
  if (step.error !== '') return `step ${name}: ${step.error}${after === '' ? '' : `,${after}`}`
  return `step ${name} failed with exit code ${step.exitCode}${after}`
}

function buildText(build: BuildState): string {
  const { status, stages, started, finished } = build
  switch (status) {
    case 'blocked':
      return reasonOf(build, 'waits for approval')
    case 'declined':
      return reasonOf(build, 'declined')
    case 'skipped':
      return reasonOf(build, 'nothing to do')
    case 'killed':
      return reasonOf(build, 'cancelled')
    case 'failure':
    case 'error':
      return reasonOf(build, 'failed')
    case 'success':
      return `passed${started > 0 && finished > 0 ? ` in ${duration(finished - started)}` : ''}`
    case 'running':
      return stages.length > 1
        ? `running, ${ended(stages)} of ${stages.length} pipelines done`
        : 'running'
    case 'pending':
    case 'waiting_on_dependencies':
      return 'waits for a runner'
  }
}

function ended(stages: readonly StageState[]): number {
  return stages.filter(({ status }) => isTerminal(status)).length
}

/** The build's own reason, else that of the first stage that has one. */
function reasonOf({ error, stages }: Pick<BuildState, 'error' | 'stages'>, what: string): string {
  const reasons = [error, ...stages.map((stage) => stage.error || stage.cancelReason)]
  const reason = reasons.find((one) => one !== '')
  return reason === undefined ? what : `${what}: ${reason}`
}

/** `41 s`, `3 min 5 s`, `1 h 2 min` */
function duration(ms: number): string {
  const seconds = Math.max(0, Math.round(ms / 1000))
  if (seconds < 60) return `${seconds} s`
  const minutes = Math.floor(seconds / 60)
  if (minutes < 60) return `${minutes} min ${seconds % 60} s`
  return `${Math.floor(minutes / 60)} h ${minutes % 60} min`
}

/** The first line, without what a page or terminal could obey. */
function oneLine(text: string): string {
  const [first = ''] = text.split('\n')
  const line = first.replace(/[\p{C}\s]+/gu, ' ').trim()
  if (line.length <= DESCRIPTION_LENGTH_MAX) return line
  let cut = ''
  for (const character of line) {
    if (cut.length + character.length > DESCRIPTION_LENGTH_MAX - 1) break
    cut += character
  }
  return `${cut}…`
}
