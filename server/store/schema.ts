import type { Generated } from 'kysely'
import type { Status } from '../../protocol/status.js'
import type { AuditTables } from './schema/audit.js'
import type { InstallationTables } from './schema/installation.js'
import type { LogTables } from './schema/logs.js'
import type { SecretTables } from './schema/secrets.js'
import type { PeopleTables } from './schema/people.js'
import type { StatusTables } from './schema/statuses.js'
import type { CronTable } from './schema/crons.js'
import type { RunnerTable } from './schema/runners.js'
import type { DeliveryTables } from './schema/deliveries.js'

/**
 * Tables of the server's database: the truth about every delivery, build, stage and step. Times are
 * Unix milliseconds; booleans are 0 or 1; columns ending in `_json` hold JSON text.
 */
export interface Database
  extends
    AuditTables,
    DeliveryTables,
    InstallationTables,
    LogTables,
    PeopleTables,
    SecretTables,
    StatusTables {
  repos: RepoTable
  builds: BuildTable
  stages: StageTable
  steps: StepTable
  step_usage: StepUsageTable
  runner_sessions: RunnerSessionTable
  crons: CronTable
  runners: RunnerTable
}

export interface RepoTable {
  id: Generated<number>
  owner: string
  name: string
  clone_url: string
  /** 1 when the repo was added with a local path or a file:// URL. */
  allow_file_transport: number
  default_branch: string
  link: string
  private: number
  /** Secret that its webhooks are signed with, encrypted with the server's key file. */
  hook_secret: string
  active: number
  /** Number of the newest build. */
  counter: number
  /** Number of the newest deployment. */
  deploy_counter: Generated<number>
  timeout_ms: number
  /** JSON list of all that its steps may reach outside; null: what the runner lets all. */
  network_allow: string | null
  /** Kind of the forge that it is on, one of the operator's; empty: none that we talk to. */
  forge: Generated<string>
  /** The forge's own id of it; empty when not known. */
  remote_id: Generated<string>
  /** `public`, `internal` (whoever is signed in) or `private` (who has a role). */
  visibility: Generated<string>
  /** What is built only after a person has approved it: `none`, `forks`, `pull_requests` or `all`. */
  require_approval: Generated<string>
  /** Who added it, and with whose token statuses are sent; 0: nobody. */
  user_id: Generated<number>
  /** 1 when only its administrators start, approve and change anything. */
  protected: Generated<number>
  ignore_forks: Generated<number>
  ignore_pull_requests: Generated<number>
  /** 1 when a newer push to a branch ends the builds of older ones that have not started; likewise below. */
  auto_cancel_pushes: Generated<number>
  auto_cancel_pull_requests: Generated<number>
  /** 1 when the two above also end what runs. */
  auto_cancel_running: Generated<number>
  /** How many of its stages may run at once; 0: any number. */
  running_max: Generated<number>
  /** Builds older than this many days are removed, 0: never; likewise beyond this many, and logs beyond this size. */
  keep_days: Generated<number>
  keep_builds: Generated<number>
  keep_bytes: Generated<number>
  /** Which of `OPTIONAL_EVENTS` its pipeline files name, by a blank. */
  optional_events: Generated<string>
  /** Token for its forge, sealed; null: none of its own. */
  forge_token: string | null
  created: number
  updated: number
}

export interface BuildTable {
  id: Generated<number>
  repo_id: number
  /** From 1, unique per repo. */
  number: number
  /** Number of the build that this one restarts, or 0. */
  parent: number
  /** Number of the build that it restarts in the end, over restarts of restarts; its own if none. */
  origin: Generated<number>
  /** `pending` until ingested and a stage starts; `blocked` while it waits to be approved. */
  status: Status
  error: string
  /** The `BuildEvent` as JSON: conditions and variables are computed from it. */
  event_json: string
  /** Copies of the event's fields that are listed or filtered by. */
  event: string
  ref: string
  branch: string
  /** Commit; empty until ingest has found the head of the branch. */
  after: string
  /** Login of who started it; `@hook`, `@cron`. */
  started_by: Generated<string>
  sender: Generated<string>
  cron: Generated<string>
  deploy_to: Generated<string>
  /** Number of the deployment, counted per repo; 0: it is none. */
  deploy_id: Generated<number>
  /** `owner/name` of the fork that the commit comes from; empty: none. */
  source_repo: Generated<string>
  /** Number of the pull request; 0: it is of none. */
  pull_request: Generated<number>
  title: Generated<string>
  /** Whether a person has to let it run: empty (nobody), `required`, `approved` or `declined`. */
  approval: Generated<string>
  /** Why, in words; empty when nobody has to. */
  approval_reason: Generated<string>
  /** Login of who approved or declined it, and when. */
  reviewed_by: Generated<string>
  reviewed: Generated<number>
  /** Login of who cancelled it; empty: nobody, or a rule did. */
  cancelled_by: Generated<string>
  /** JSON list of the stages that it takes over from its parent as they ended; null: it runs all. */
  keep_json: string | null
  /** The compiled `Plan` as JSON, or null before ingest. */
  plan_json: string | null
  /** `BuildWarning`s: what is dubious in the files, though they compiled. */
  warnings_json: Generated<string>
  created: number
  started: number
  finished: number
  updated: number
}

export interface StageTable {
  id: Generated<number>
  build_id: number
  repo_id: number
  number: number
  name: string
  kind: string
  type: string
  os: string
  arch: string
  /** Empty unless the pipeline asks for one. */
  variant: Generated<string>
  os_version: Generated<string>
  /** Labels that the runner must have, an object of strings. */
  labels_json: Generated<string>
  /** Name of the queue that its runners listen on. */
  queue: Generated<string>
  status: Status
  error: string
  exit_code: number
  /** Current attempt, from 1; the fencing token together with `session`. */
  attempt: number
  /** Runner session that holds the current attempt; empty when none does. */
  session: string
  machine: string
  /** When the lease ends unless a heartbeat renews it; 0 when not held. */
  lease_until: number
  /** 1 when a person or a rule asked for its end. */
  cancel_requested: number
  /** Why, in words; empty when nobody did. */
  cancel_reason: Generated<string>
  /** Stages of a repo with the same group and domain take turns; empty: it waits for nobody. */
  concurrency_group: Generated<string>
  /** Which builds it takes turns with: `turnDomain`. */
  concurrency_domain: Generated<string>
  /** How many of the group may be queued or run at once; 0 without a group. */
  concurrency_limit: Generated<number>
  /** 1 when it ends the group's stages of older builds. */
  cancel_previous: Generated<number>
  /** 1 when it has become due, and so has done that. */
  supersedes: Generated<number>
  /** Copy of the build's `origin`. */
  build_origin: Generated<number>
  /** The stage of an older build that this one stands for: it has the logs. 0: none. */
  copied_from: Generated<number>
  /** Stages of deployments and by hand (0) go before those of pushes (1) and of pull requests (2). */
  lane: Generated<number>
  /** Its place among the shares of all repos on its queue: see fair-share.ts. 0: not given yet. */
  share: Generated<number>
  depends_on_json: string
  on_success: number
  on_failure: number
  /** `StagePlan` as JSON. */
  plan_json: string
  created: number
  /** When it was put on the queue, 0 before. */
  queued: number
  started: number
  stopped: number
  updated: number
}

export interface StepTable {
  id: Generated<number>
  stage_id: number
  number: number
  name: string
  image: string
  status: Status
  error: string
  errignore: number
  exit_code: number
  detached: number
  depends_on_json: string
  started: number
  stopped: number
  /** `StepUsage` as JSON, or null. */
  usage_json: string | null
  log_bytes: number
  log_lines: number
  /** Checksum that the runner sent and the archive was checked against; empty before. */
  log_sha256: string
}

/** How a step came to use what it used, or has used so far. */
export interface StepUsageTable {
  stage_id: number
  /** Number of the step in its stage. */
  number: number
  /** `UsageRow`s, as the runner sent them last. */
  series_json: string
}

/** How far each runner session's messages have been applied. */
export interface RunnerSessionTable {
  session: string
  machine: string
  last_seq: number
  updated: number
}
