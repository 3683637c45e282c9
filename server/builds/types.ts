import type { Build, BuildDetail, Repo } from '../services.js'
import type { StageStatusRow } from '../store/stages.js'
import type { Waiting } from './waiting.js'

/** What a person asks to be built. */
export interface NewBuild {
  /** Default: the repo's default branch. */
  readonly branch?: string
  /** In place of a branch. */
  readonly tag?: string
  /**
   * 40 or 64 hex digits of a commit on the branch or tag; default: what that points to when the build is
   * compiled.
   */
  readonly commit?: string
  readonly params: Readonly<Record<string, string>>
}

/** How a build is restarted. */
export interface Restart {
  /** Only what failed, and what depends on it. */
  readonly failed?: boolean
  /** Only this stage, and what depends on it. */
  readonly from?: string
  /** In place of those that the build had, name by name. */
  readonly params?: Readonly<Record<string, string>>
  /** Login of who does it. */
  readonly by?: string
}

/** A build that is made again for an environment. */
export interface Deployment {
  readonly event: 'promote' | 'rollback'
  readonly target: string
  readonly params: Readonly<Record<string, string>>
  readonly by: string
}

/** A stage that waits or runs, of any repo. */
export interface QueuedStage {
  readonly stage: StageStatusRow
  /** `owner/name` */
  readonly slug: string
  /** Of its build. */
  readonly number: number
  /** Why it waits, in words; empty when it runs. */
  readonly waiting: string
}

/** What there is to know of builds that have not ended. */
export interface BuildWaits {
  /** Why the build and its stages wait. */
  waiting(detail: BuildDetail): Promise<Waiting>
  /** What waits and runs in all repos, the oldest first, as far as that is shown. */
  queue(): Promise<readonly QueuedStage[]>
}

/** How people make builds, let them run and end them. `by` is the login of who does it. */
export interface BuildActions {
  /** @throws SandpiperError SP_BUILD_PARAM_INVALID, SP_BUILD_REQUEST_INVALID, SP_REPO_UNKNOWN */
  create(repo: Repo, request: NewBuild, by: string): Promise<Build>
  /**
   * A new build of the same event; its `parent` is the restarted one. Null when there is none.
   * @throws SandpiperError SP_BUILD_PARAM_INVALID, SP_BUILD_NOT_ENDED, SP_BUILD_NOT_APPROVED,
   *   SP_BUILD_STAGE_UNKNOWN, SP_BUILD_NOTHING_FAILED, SP_BUILD_STAGE_UNREADY
   */
  restart(repo: Repo, number: number, how?: Restart): Promise<Build | null>
  /**
   * A new build of the same commit that deploys it. Null when there is no such build.
   * @throws SandpiperError SP_BUILD_PARAM_INVALID, SP_BUILD_REQUEST_INVALID, SP_BUILD_NOT_APPROVED
   */
  deploy(repo: Repo, number: number, deployment: Deployment): Promise<Build | null>
  /** Lets a build run that waits for it. @throws SandpiperError SP_BUILD_NOT_BLOCKED */
  approve(repo: Repo, number: number, by: string): Promise<BuildDetail | null>
  /** Ends a build that waits for approval. @throws SandpiperError SP_BUILD_NOT_BLOCKED */
  decline(repo: Repo, number: number, by: string): Promise<BuildDetail | null>
  /** Ends the build: waiting stages at once, running ones through their runner. Null when there is none. */
  cancel(repo: Repo, number: number, by?: string): Promise<BuildDetail | null>
  /** Ends all builds of the repo, or of a branch, that have not ended; tells how many. */
  cancelAll(repo: Repo, which: { readonly branch?: string }, by: string): Promise<number>
}
