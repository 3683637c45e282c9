import type { Updateable } from 'kysely'
import type { ForgeKind } from '../forges/types.js'
import type { SecretBox } from '../secrets/box.js'
import { forgeTokenContext } from '../secrets/sealed-columns.js'
import type { Repo } from '../services.js'
import type { RepoTable } from '../store/schema.js'
import { checkBranchName, checkNetworkAllow, checkRepoLink } from './repo-rules.js'

/** Settings of a repo to change; what is absent stays. */
export interface RepoChange {
  readonly active?: boolean
  readonly defaultBranch?: string
  readonly link?: string
  readonly visibility?: 'public' | 'internal' | 'private'
  readonly protected?: boolean
  readonly requireApproval?: 'none' | 'forks' | 'pull_requests' | 'all'
  readonly ignoreForks?: boolean
  readonly ignorePullRequests?: boolean
  readonly autoCancelPushes?: boolean
  readonly autoCancelPullRequests?: boolean
  readonly autoCancelRunning?: boolean
  /** Stages that run at once; 0: any number. */
  readonly runningMax?: number
  readonly timeoutMs?: number
  readonly keepDays?: number
  readonly keepBuilds?: number
  readonly keepBytes?: number
  /** Number of the newest build; never below that of a build that there is. */
  readonly counter?: number
  /** Null: what the runner lets all. */
  readonly networkAllow?: readonly string[] | null
  /** Empty: none that we talk to. */
  readonly forge?: ForgeKind | ''
  /** Null: none of its own. */
  readonly forgeToken?: string | null
  /** Who its statuses are sent for; 0: nobody. */
  readonly userId?: number
}

/**
 * The columns that a change sets.
 * @throws SandpiperError SP_REPO_INVALID
 */
export function columnsOf(
  repo: Repo,
  change: RepoChange,
  secrets: SecretBox,
): Updateable<RepoTable> {
  if (change.defaultBranch !== undefined) checkBranchName(change.defaultBranch)
  if (change.link !== undefined) checkRepoLink(change.link)
  if (change.networkAllow) checkNetworkAllow(change.networkAllow)
  return defined({
    ...flagsOf(change),
    default_branch: change.defaultBranch,
    link: change.link,
    visibility: change.visibility,
    // What older versions wrote, and still read.
    private: change.visibility && Number(change.visibility !== 'public'),
    require_approval: change.requireApproval,
    running_max: change.runningMax,
    timeout_ms: change.timeoutMs,
    keep_days: change.keepDays,
    keep_builds: change.keepBuilds,
    keep_bytes: change.keepBytes,
    counter: change.counter,
    network_allow: change.networkAllow && JSON.stringify(change.networkAllow),
    ...otherForge(repo, change),
    ...tokenOf(repo, change, secrets),
    user_id: change.userId,
  })
}

/** At another forge the id is another repo's, whose people must get no roles here, and the token is none of its. */
function otherForge(repo: Repo, { forge }: RepoChange): Updateable<RepoTable> {
  if (forge === undefined || forge === repo.forge) return {}
  return { forge, remote_id: '', forge_token: null }
}

function tokenOf(
  repo: Repo,
  { forgeToken }: RepoChange,
  secrets: SecretBox,
): Updateable<RepoTable> {
  if (forgeToken === undefined) return {}
  return { forge_token: forgeToken && secrets.seal(forgeToken, forgeTokenContext(repo)) }
}

function flagsOf(change: RepoChange): Partial<Updateable<RepoTable>> {
  const flag = (value: boolean | undefined) => (value === undefined ? undefined : Number(value))
  return defined({
    active: flag(change.active),
    protected: flag(change.protected),
    ignore_forks: flag(change.ignoreForks),
    ignore_pull_requests: flag(change.ignorePullRequests),
    auto_cancel_pushes: flag(change.autoCancelPushes),
    auto_cancel_pull_requests: flag(change.autoCancelPullRequests),
    auto_cancel_running: flag(change.autoCancelRunning),
  })
}

/** Without what is undefined: a column that is not named stays. */
function defined(columns: Readonly<Record<string, unknown>>): Updateable<RepoTable> {
  return Object.fromEntries(Object.entries(columns).filter(([, value]) => value !== undefined))
}
