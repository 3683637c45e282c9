import type { StagePlan } from '../pipelines/plan.js'
import type { SealedSecrets } from './job-secrets.js'

/**
 * What a runner needs to run one attempt of one stage: the data of a BullMQ job in the stage queue.
 * It carries no secret in clear.
 */
export interface StageJob {
  readonly stageId: number
  readonly buildId: number
  readonly buildNumber: number
  /** 1 for the first try. Together with the runner's session it is the fencing token. */
  readonly attempt: number
  readonly stageNumber: number
  readonly repo: JobRepo
  /** Commit to check out: 40 or 64 lower-case hex digits. */
  readonly commit: string
  /** Full ref that the commit was pushed to, used to fetch it where a forge refuses to serve bare ids. */
  readonly ref: string
  readonly stage: StagePlan
  /** Numbers of the stage's steps, in the order of `stage.steps`; step numbers start at 1. */
  readonly steps: readonly { readonly name: string; readonly number: number }[]
  /** Variables every step gets (CI, DRONE_*, SANDPIPER_*); a step's own environment wins over them. */
  readonly environment: Readonly<Record<string, string>>
  /** Its secrets; absent when it is given none and none is missing. */
  readonly sealed?: SealedSecrets
  /** Wall time for the whole stage, in milliseconds. */
  readonly timeoutMs: number
}

export interface JobRepo {
  readonly id: number
  readonly slug: string
  readonly cloneUrl: string
  /** True when the repo was added with a local path or a file:// URL, and only then are those allowed. */
  readonly allowFileTransport: boolean
  /** All that its steps may reach outside (`parseDestination`); absent: what the runner lets all. */
  readonly allow?: readonly string[]
}

/** BullMQ job id of an attempt. Custom ids must be no integers and have no colon. */
export function stageJobId(stageId: number, attempt: number): string {
  return `stage-${String(stageId)}-${String(attempt)}`
}
