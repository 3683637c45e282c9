/** The compiled form of a `.pipeline.yml` for one event: what server and runner work from. Plain JSON. */
export interface Plan {
  readonly stages: readonly StagePlan[]
  /** Pipelines of the file that this event does not run, with the reason in words. */
  readonly skipped: readonly { readonly name: string; readonly reason: string }[]
}

/** One pipeline document of the file. */
export interface StagePlan {
  readonly kind: 'pipeline'
  /** `docker`: every step has an image. `exec`: steps run on a read-only view of the host's tools. */
  readonly type: 'docker' | 'exec'
  readonly name: string
  readonly platform: { readonly os: string; readonly arch: string }
  /** Names of the stages that must end first; all of them are in `Plan.stages`. */
  readonly dependsOn: readonly string[]
  /** Whether the stage runs when what it depends on succeeded / failed (`trigger.status`). */
  readonly runOn: RunOn
  readonly clone: ClonePlan
  /** Absolute path inside the sandbox where the checkout is mounted and where commands start. */
  readonly workspace: string
  readonly steps: readonly StepPlan[]
  /** Steps that this event does not run, with the reason in words; absent when it runs all. */
  readonly leftOut?: readonly LeftOut[]
}

/** A step that stands in the file and has no part in the build. */
export interface LeftOut {
  readonly name: string
  readonly reason: string
}

export interface ClonePlan {
  readonly disabled: boolean
  /** Commits of history to have; 0 is all of it; absent is the runner's default. */
  readonly depth?: number
}

export interface RunOn {
  readonly success: boolean
  readonly failure: boolean
}

/**
 * One step. `clone` is the checkout, made by the runner itself; it is the first step unless cloning
 * is disabled, and every step that has no other dependency depends on it.
 */
export type StepPlan = CloneStep | CommandsStep

interface StepBase {
  readonly name: string
  /**
   * Names of the steps of this stage that must end first: the true graph, made explicit. A detached
   * step counts as ended for this as soon as it has started.
   */
  readonly dependsOn: readonly string[]
}

export interface CloneStep extends StepBase {
  readonly kind: 'clone'
}

export interface CommandsStep extends StepBase {
  readonly kind: 'commands'
  /** Image name in the layer store; absent in `exec` stages. */
  readonly image?: string
  readonly commands: readonly string[]
  /** Pipeline-wide and step variables merged. The event's own variables are added at run time. */
  readonly environment: Readonly<Record<string, string>>
  readonly runOn: RunOn
  /** `ignore`: a failure does not fail the stage. `fast`: a failure cancels what still runs. */
  readonly failure: 'fail' | 'ignore' | 'fast'
  /** Runs in the background until the stage's other steps have ended; its result is not counted. */
  readonly detach: boolean
}
