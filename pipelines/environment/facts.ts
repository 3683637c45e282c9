import type { Dialect } from '../convert/dialect.js'
import type { BuildEvent, RepoFacts } from '../event.js'
import type { StageFacts } from './stage-variables.js'

/** A build, as its steps see it. */
export interface BuildFacts {
  readonly number: number
  /** Number of the build that this one restarts; 0 for none. */
  readonly parent: number
  /** Unix time in milliseconds. */
  readonly created: number
  /** Unix time in milliseconds. */
  readonly started?: number
  /** Unix time in milliseconds. */
  readonly finished?: number
  /** Web page of the build, or empty. */
  readonly link: string
  /** The build was started to be looked into. */
  readonly debug?: boolean
  /** How often the build was restarted before. */
  readonly reruns?: number
  /** Names of the stages that have failed so far. */
  readonly failedStages?: readonly string[]
  /** The build of the repo before this one. */
  readonly previous?: PreviousBuild
}

/** A build that was before another one. */
export interface PreviousBuild {
  readonly number: number
  readonly parent: number
  /** As Sandpiper names it, e.g. `success`. */
  readonly status: string
  /** Unix times in milliseconds. */
  readonly created: number
  readonly started?: number
  readonly finished?: number
  readonly link: string
  readonly event: BuildEvent
}

/** The Sandpiper that runs the build. */
export interface SystemFacts {
  /** Address of the server for people, e.g. `https://ci.example.com`; empty when there is no server. */
  readonly link: string
  readonly version: string
}

export interface BuildEnvironmentInput {
  readonly event: BuildEvent
  readonly repo: RepoFacts
  readonly build: BuildFacts
  readonly stage?: StageFacts
  readonly system: SystemFacts
  /** Whose meaning a name has where Drone and Woodpecker disagree. Default: the stage's, else Drone's. */
  readonly dialect?: Dialect
}
