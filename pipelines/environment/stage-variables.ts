import type { StagePlan } from '../plan.js'
import { seconds, type Variables } from './value.js'

/** A stage as its steps see it: its plan (or a part of it), and what is known when it runs. */
export interface StageFacts
  extends
    Pick<StagePlan, 'kind' | 'type' | 'name' | 'platform' | 'dependsOn' | 'workspace' | 'dialect'>,
    Partial<Pick<StagePlan, 'clone'>> {
  readonly number: number
  /** Name of the runner's machine. */
  readonly machine?: string
  /** Unix time in milliseconds. */
  readonly started?: number
}

/** Variables that are the same for all steps of a stage. Times are Unix seconds. */
export function stageVariables(stage: StageFacts): Variables {
  const { platform, workspace } = stage
  const number = String(stage.number)
  const started = seconds(stage.started)
  return {
    DRONE_STAGE_KIND: stage.kind,
    DRONE_STAGE_TYPE: stage.type,
    DRONE_STAGE_NAME: stage.name,
    DRONE_STAGE_NUMBER: number,
    DRONE_STAGE_MACHINE: stage.machine,
    DRONE_STAGE_OS: platform.os,
    DRONE_STAGE_ARCH: platform.arch,
    DRONE_STAGE_VARIANT: platform.variant,
    DRONE_STAGE_VERSION: platform.version,
    DRONE_STAGE_DEPENDS_ON: stage.dependsOn.join(','),
    DRONE_STAGE_STARTED: started,
    // As in Drone: a stage that has not ended ends now, and now is when it has started.
    DRONE_STAGE_FINISHED: started,
    DRONE_WORKSPACE: workspace,
    DRONE_WORKSPACE_BASE: workspace,
    // Plugins write their "adaptive cards" there; there is nothing that shows them.
    DRONE_CARD_PATH: '/dev/null',
    CI_WORKFLOW_NAME: stage.name,
    CI_WORKFLOW_NUMBER: number,
    CI_WORKSPACE: workspace,
    CI_MACHINE: stage.machine,
    CI_SYSTEM_PLATFORM: `${platform.os}/${platform.arch}`,
    SANDPIPER_STAGE: stage.name,
    SANDPIPER_WORKSPACE: workspace,
  }
}
