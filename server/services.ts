import type { Selectable } from 'kysely'
import type { BuildEvent } from '../pipelines/event.js'
import type { ParameterPlan } from '../pipelines/plan.js'
import type { UsageRow } from '../protocol/usage.js'
import type { BuildActions, BuildWaits } from './builds/types.js'
import type { AuditService } from './audit/list.js'
import type { RepoChange } from './builds/repo-change.js'
import type { ForgeKind, Forges } from './forges/types.js'
import type { DeliveryLog, DeliveryResult, NewDelivery } from './deliveries/types.js'
import type { HookTraffic } from './hooks/traffic.js'
import type { LogRef, LogStore } from './logs/log-store.js'
import type { Principal } from './people/principal.js'
import type { CronService } from './crons/types.js'
import type { RepoHooks } from './repo-hooks/types.js'
import type { RunnerService } from './runners/types.js'
import type { BadgeService } from './badges/badge-service.js'
import type { Metrics } from './metrics/metrics.js'
import type { PeopleService } from './people/types.js'
import type { StatusService } from './statuses/types.js'
import type { BuildsPage, ListedBuild } from './store/builds-page.js'
import type { LatestBy } from './store/latest-builds.js'
import type { Stats } from './store/overview.js'
import type { SecretService } from './secrets/types.js'
import type { BuildTable, RepoTable, StageTable, StepTable } from './store/schema.js'

export type Repo = Omit<Selectable<RepoTable>, 'hook_secret' | 'forge_token'>
export type Build = Selectable<BuildTable>
export type Stage = Selectable<StageTable>
export type Step = Selectable<StepTable>

/** What the HTTP side of the server works with; made in compose.ts, used by hooks and api. */
export interface ServerServices {
  readonly repos: RepoService
  readonly builds: BuildService
  readonly repoHooks: RepoHooks
  readonly deliveries: DeliveryLog
  readonly traffic: HookTraffic
  readonly logs: LogService
  readonly audit: AuditService
  readonly people: PeopleService
  readonly secrets: SecretService
  readonly forges: Forges
  readonly statuses: StatusService
  readonly runners: RunnerService
  readonly crons: CronService
  readonly metrics: Metrics
  readonly badges: BadgeService
  health(): Promise<readonly HealthCheck[]>
}

export interface RepoService {
  find(owner: string, name: string): Promise<Repo | null>
  list(): Promise<readonly Repo[]>
  /** @throws SandpiperError SP_REPO_EXISTS, SP_REPO_INVALID */
  add(
    repo: NewRepo,
    actor?: Principal | null,
  ): Promise<{ readonly repo: Repo; readonly hookSecret: string }>
  /** Changes settings, and writes down who did. Null: it is gone. @throws SandpiperError SP_REPO_INVALID */
  change(repo: Repo, change: RepoChange, actor: Principal | null): Promise<Repo | null>
  /** Forgets the repo's mirror: the next build fetches it anew. */
  repair(repo: Repo): Promise<void>
  /** Builds of all repos that have not ended, oldest first. */
  open(limit: number): Promise<readonly { readonly repo: Repo; readonly build: Build }[]>
  /** How much there is of everything. */
  stats(): Promise<Stats>
  /** Removes the repo with its builds and logs; running stages are cancelled first. */
  remove(owner: string, name: string, actor?: Principal | null): Promise<boolean>
  /** The repo's secret to check a hook against; nothing for one that is not here, or not active. */
  hookSecrets(slug: string): Promise<readonly HookSecret[]>
  /**
   * Those of the active repos with such names in lower case, or of all active repos: `owner/name` (also `~owner/name`),
   * `name` of any owner, `group/groups/name` of any owner. Null, and no secret is opened, when there are more than `max`.
   */
  hookSecretsOf(
    names: readonly string[] | 'all',
    max: number,
  ): Promise<readonly HookSecret[] | null>
}

/** A repo with its hook secret in clear. */
export interface HookSecret {
  readonly repo: Repo
  readonly secret: string
}

export interface NewRepo {
  readonly owner: string
  readonly name: string
  /** https://, http://, ssh:// or git:// URL, scp-like address, or (local) absolute path / file:// URL. */
  readonly cloneUrl: string
  readonly defaultBranch?: string
  readonly link?: string
  /** Made at random when absent. */
  readonly hookSecret?: string
  /** Kind of its forge, empty for none; absent: the one at the host of `cloneUrl`, if the server talks to it. */
  readonly forge?: ForgeKind | ''
  /** Token for its forge. */
  readonly forgeToken?: string
  /** All that its steps may reach outside (`parseDestination`); absent: what the runner lets all. */
  readonly networkAllow?: readonly string[]
}

export interface BuildDetail {
  readonly build: Build
  readonly stages: readonly { readonly stage: Stage; readonly steps: readonly Step[] }[]
}

export interface BuildService extends BuildActions, BuildWaits {
  /**
   * Writes a delivery and its builds in one transaction, then wakes ingest. There are no events, but a
   * reason, for deliveries that make no build (a ping, a deleted branch).
   */
  accept(
    repo: Repo,
    delivery: NewDelivery,
    events: readonly BuildEvent[],
    reason: string,
  ): Promise<DeliveryResult>
  /** Newest first. */
  list(repo: Repo, page: BuildsPage): Promise<readonly ListedBuild[]>
  find(repo: Repo, number: number): Promise<BuildDetail | null>
  /** The newest build of each branch, pull request or target, newest first, among the newest of the repo. */
  latestBy(repo: Repo, by: LatestBy): Promise<readonly Build[]>
  latest(repo: Repo): Promise<BuildDetail | null>
  /** What the newest build of a ref that was compiled says of its parameters; null: there is none. */
  parameters(repo: Repo, ref: string): Promise<DeclaredIn | null>
  /** How a step came to use what it used, or has used so far; empty when nothing is known. */
  usageSeries(step: Step): Promise<readonly UsageRow[]>
}

/** Parameters as the files of a build declare them. */
export interface DeclaredIn {
  readonly number: number
  readonly parameters: readonly ParameterPlan[]
}

export interface LogService {
  readonly store: LogStore
  /**
   * Calls `listener` whenever the log has grown or its step has ended, until the returned function is
   * called. Never call it twice for one change; the listener reads the store itself.
   */
  watch(ref: LogRef, listener: () => void): () => void
  /** True when the log's bytes were removed, by a person or because they need not be kept. */
  isRemoved(ref: LogRef): Promise<boolean>
  /** Removes the bytes of a log that is complete. */
  remove(repo: Repo, ref: LogRef, actor: Principal | null): Promise<void>
  /**
   * Removes builds of the repo with lower numbers that have ended, and their logs, for as long as the signal lets it.
   * Says whether all are gone.
   */
  removeBuilds(repo: Repo, purge: Purge): Promise<boolean>
}

/** Which builds are to be removed, by whom, and when that must stop. */
export interface Purge {
  /** The lowest number that stays. */
  readonly before: number
  readonly actor: Principal | null
  readonly signal: AbortSignal
}

export interface HealthCheck {
  /** `database`, `redis`, `uplink`, ... */
  readonly name: string
  /** False where the server only works worse without it. */
  readonly required: boolean
  readonly ok: boolean
  /** What is wrong and what to do; empty when ok. */
  readonly detail: string
}
