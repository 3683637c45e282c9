/** What can make a build happen. The names are Drone's. */
export const EVENT_NAMES = [
  'push',
  'pull_request',
  'tag',
  'promote',
  'rollback',
  'cron',
  'custom',
] as const

export type BuildEventName = (typeof EVENT_NAMES)[number]

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
}
