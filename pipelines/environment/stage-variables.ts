import type { StagePlan } from '../plan.js'
import type { Variables } from './value.js'

/** A stage as its steps see it: its plan (or a part of it), and what is known when it runs. */
export interface StageFacts extends Pick<
  StagePlan,
  'kind' | 'type' | 'name' | 'platform' | 'dependsOn' | 'workspace'
> {
  readonly number: number
  /** Name of the runner's machine. */
  readonly machine?: string
  /** Unix time in milliseconds. */
  readonly started?: number
}

/** Variables that are the same for all steps of a stage. Times are Unix seconds. */
export function stageVariables(stage: StageFacts): Variables {
  const { started } = stage
  return {
    DRONE_STAGE_KIND: stage.kind,
    DRONE_STAGE_TYPE: stage.type,
    DRONE_STAGE_NAME: stage.name,
    DRONE_STAGE_NUMBER: String(stage.number),
    DRONE_STAGE_MACHINE: stage.machine,
    DRONE_STAGE_OS: stage.platform.os,
    DRONE_STAGE_ARCH: stage.platform.arch,
    DRONE_STAGE_DEPENDS_ON: stage.dependsOn.length === 0 ? undefined : stage.dependsOn.join(','),
    DRONE_STAGE_STARTED: started === undefined ? undefined : String(Math.floor(started / 1000)),
    DRONE_WORKSPACE: stage.workspace,
    SANDPIPER_STAGE: stage.name,
    SANDPIPER_WORKSPACE: stage.workspace,
  }
}
