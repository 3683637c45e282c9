import type { Status } from '../../protocol/status.js'

/** Something that happened and is measured. Times are in milliseconds. */
export type Observation =
  /** A runner was given a stage that had waited for one. */
  | ({ readonly kind: 'stage.started'; readonly waitMs: number } & OfStage)
  | {
      readonly kind: 'step.finished'
      readonly status: Status
      readonly durationMs: number
      /** From the order to run its program until that ran; absent when it never did. */
      readonly startMs?: number
    }
  | ({ readonly kind: 'stage.finished' } & End & OfStage)
  | ({ readonly kind: 'build.finished'; readonly buildId: number } & End)
  /** A part of a log can be read: how long ago its last line was printed, by the runner's clock. */
  | { readonly kind: 'log.readable'; readonly lagMs: number }

interface OfStage {
  readonly buildId: number
  readonly stageId: number
}

interface End {
  readonly status: Status
  readonly durationMs: number
}

/** Takes note of what happened. Never throws. */
export type Observe = (observation: Observation) => void
