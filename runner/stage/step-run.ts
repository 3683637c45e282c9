import type { SandboxStep } from '../../pipelines/plan.js'
import type { StageJob } from '../../protocol/job.js'
import type { OpenStage } from './stage-space.js'
import type { StepLog } from './step-log.js'
import type { StepRoot } from './step-root.js'
import type { StepStop } from './step-stop.js'
import type { UsageRecord } from './usage/usage-record.js'
import type { StopReason, Verdict } from './verdict.js'

/** One step that is to run, with what its stage knows about it. */
export interface StepRun {
  readonly job: StageJob
  readonly step: SandboxStep
  readonly number: number
  /** Steps that had failed, where that counts, when this one became due. */
  readonly failedSteps: readonly string[]
  /** Outputs of the steps that it depends on. */
  readonly inherited: Readonly<Record<string, string>>
  /** Values of its secrets, by variable. */
  readonly secrets: Readonly<Record<string, string>>
  /** When the stage started: Unix time in milliseconds. */
  readonly stageStartedMs: number
  /** Directory for this step only; it need not be there. */
  readonly directory: string
  readonly stop: StepStop
  readonly log: StepLog
  /** Where what it uses is written down. */
  readonly usage: UsageRecord
  readonly openStage: () => Promise<OpenStage>
  /** Its root, when its image is there; waiting for that is told in the log. */
  readonly root: () => Promise<StepRoot>
  /** Called once, when others may start that need it to run. */
  readonly onUp: () => void
}

export interface StepOutcome extends Verdict {
  /** What it hands on; absent when it has none to hand on. */
  readonly outputs?: Readonly<Record<string, string>>
}

/** How one try of a step went. */
export interface TryOutcome extends StepOutcome {
  /** Why the runner ended the try, if it did. */
  readonly stop: StopReason | null
  readonly wasUp: boolean
}
