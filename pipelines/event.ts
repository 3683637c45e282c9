/**
 * What can make a build happen. The names are Drone's, then those of Woodpecker's that Drone has
 * nothing for.
 */
export const EVENT_NAMES = [
  'push',
  'pull_request',
  'tag',
  'promote',
  'rollback',
  'cron',
  'custom',
  'pull_request_closed',
  'pull_request_metadata',
  'release',
] as const

export type BuildEventName = (typeof EVENT_NAMES)[number]

/** Events that only few pipelines are written for: they run those alone whose `trigger` names them. */
export const OPTIONAL_EVENTS: readonly BuildEventName[] = [
  'pull_request_closed',
  'pull_request_metadata',
  'release',
]

/** Facts of the event that conditions and step variables are computed from. All text is untrusted. */
export interface BuildEvent {
  readonly event: BuildEventName
  /** What happened to the object, e.g. `opened`, `synchronized`, `created`; empty when not applicable. */
  readonly action: string
  /** Full ref, e.g. `refs/heads/main`, `refs/tags/v1`, `refs/pull/7/head`. */
  readonly ref: string
  /** Target branch: the pushed branch, or the base branch of a pull request; may be empty on tags. */
  readonly branch: string
  /** Source branch: same as `branch` but on pull requests, where it is the head branch. */
  readonly sourceBranch: string
  /** `owner/name` of the repo that the commit comes from, when it is a fork; else empty. */
  readonly sourceRepo: string
  /** Commit to build: 40 (SHA-1) or 64 (SHA-256) lower-case hex digits. */
  readonly after: string
  /** The commit was named by hand or for a deployment, and nobody has looked yet whether it is on `ref`. */
  readonly unproven?: true
  /** Commit before the push; all zeros or empty when there is none. */
  readonly before: string
  readonly message: string
  readonly title: string
  /** Web page of the change, or empty. */
  readonly link: string
  readonly author: {
    readonly login: string
    readonly name: string
    readonly email: string
    readonly avatar: string
  }
  /** Who sent the event (login); may differ from the author. */
  readonly sender: string
  /** Name of the cron job, for `cron`. */
  readonly cron: string
  /** Target environment, for `promote` and `rollback`. */
  readonly deployTo: string
  /** Parameters given by whoever started the build; they become step variables. */
  readonly params: Readonly<Record<string, string>>
  /**
   * Paths of the files that changed, from the root of the repo; absent when that is not known (then
   * conditions on paths hold), e.g. for events without a commit to compare with.
   */
  readonly changedFiles?: readonly string[]
  /** When the commit was made: Unix time in milliseconds. */
  readonly committed?: number
  /** Of pull requests. */
  readonly labels?: readonly string[]
  readonly milestone?: string
  readonly draft?: boolean
  /** Of releases. */
  readonly prerelease?: boolean
  /** What is to be done in the environment deployed to, for `promote` and `rollback`. */
  readonly deployTask?: string
  /** Number of the deployment, as Drone counts them. */
  readonly deployId?: number
}

/** The repo that a build belongs to, as conditions and step variables see it. */
export interface RepoFacts {
  readonly owner: string
  readonly name: string
  /** `owner/name`. */
  readonly slug: string
  readonly cloneUrl: string
  readonly link: string
  readonly defaultBranch: string
  readonly private: boolean
  /** Name of the forge's kind, e.g. `github`; empty or absent when it is not known. */
  readonly forge?: string
  /** The forge's own id of the repo. */
  readonly remoteId?: string
}
