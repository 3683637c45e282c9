import { randomBytes } from 'node:crypto'
import type { Logger } from 'pino'
import type { Mirrors } from '../../git/types.js'
import { messageOf } from '../../protocol/errors.js'
import { recordAudit } from '../audit/record.js'
import type { Clock } from '../clock.js'
import { repoExists } from '../errors.js'
import { forgeOfRepo } from '../forges/guess.js'
import type { Forges } from '../forges/types.js'
import type { LogStore } from '../logs/log-store.js'
import type { Dispatcher } from '../scheduling/dispatcher.js'
import { Effects } from '../scheduling/effects.js'
import type { Principal } from '../people/principal.js'
import type { SecretBox } from '../secrets/box.js'
import { forgeTokenContext, hookSecretContext } from '../secrets/sealed-columns.js'
import type { HookSecret, NewRepo, Repo, RepoService } from '../services.js'
import type { Db } from '../store/database.js'
import type { SealedHook } from '../store/repos.js'
import {
  deleteRepo,
  findRepo,
  insertRepo,
  listRepos,
  sealedHookSecrets,
  sealedHookSecretsOf,
} from '../store/repos.js'
import { countThings, openBuildsOfRepos } from '../store/overview.js'
import type { StageRow } from '../store/stages.js'
import { stagesOfRepo } from '../store/stages.js'
import { deleteStepLogs } from '../store/step-logs.js'
import { inTransaction } from '../store/transaction.js'
import { changeRepo } from './update-repo.js'
import {
  checkBranchName,
  checkHookSecret,
  checkNetworkAllow,
  checkRepoLink,
  checkRepoName,
  isLocalCloneUrl,
} from './repo-rules.js'

/** Wall time of a stage unless the repo says otherwise, in milliseconds. */
const STAGE_TIMEOUT_MS = 60 * 60 * 1_000
const HOOK_SECRET_BYTES = 32

export interface RepoServiceOptions {
  readonly db: Db
  readonly clock: Clock
  readonly secrets: SecretBox
  readonly logs: LogStore
  readonly mirrors: Mirrors
  readonly forges: Forges
  readonly dispatcher: Dispatcher
  readonly logger: Logger
}

/** Repos in the database. */
export function createRepoService(options: RepoServiceOptions): RepoService {
  const { db } = options
  return {
    find: (owner, name) => findRepo(db, owner, name),
    list: () => listRepos(db),
    add: (repo, actor = null) => addRepo(options, repo, actor),
    change: (repo, change, actor) => changeRepo(options, repo, change, actor),
    repair: (repo) => options.mirrors.remove(repo.id),
    open: (limit) => openBuildsOfRepos(db, limit),
    stats: () => countThings(db),
    remove: (owner, name, actor = null) => removeRepo(options, owner, name, actor),
    hookSecrets: (slug) => hookSecrets(options, slug),
    hookSecretsOf: (names, max) => hookSecretsOf(options, names, max),
  }
}

async function addRepo(
  { db, clock, secrets, forges }: RepoServiceOptions,
  repo: NewRepo,
  actor: Principal | null,
): Promise<{ readonly repo: Repo; readonly hookSecret: string }> {
  const { owner, name, cloneUrl, defaultBranch = 'main', link = '' } = repo
  checkRepoName('owner', owner)
  checkRepoName('name', name)
  checkBranchName(defaultBranch)
  checkRepoLink(link)
  const isLocal = isLocalCloneUrl(cloneUrl)
  const hookSecret = repo.hookSecret ?? randomBytes(HOOK_SECRET_BYTES).toString('hex')
  checkHookSecret(hookSecret)
  checkNetworkAllow(repo.networkAllow ?? [])
  const forge = repo.forge ?? forgeOfRepo(forges, { owner, name, cloneUrl })
  const now = clock.now()
  const row = await insertRepoOf(db, actor, {
    owner,
    name,
    clone_url: cloneUrl,
    allow_file_transport: isLocal ? 1 : 0,
    default_branch: defaultBranch,
    link,
    private: 0,
    hook_secret: secrets.seal(hookSecret, hookSecretContext({ owner, name })),
    active: 1,
    counter: 0,
    timeout_ms: STAGE_TIMEOUT_MS,
    network_allow: repo.networkAllow === undefined ? null : JSON.stringify(repo.networkAllow),
    forge,
    user_id: actor?.userId ?? 0,
    forge_token:
      repo.forgeToken === undefined
        ? null
        : secrets.seal(repo.forgeToken, forgeTokenContext({ owner, name })),
    created: now,
    updated: now,
  })
  if (!row) throw repoExists(`${owner}/${name}`)
  return { repo: row, hookSecret }
}

/** Adds it, and writes down who did; null when there is one of that name. */
function insertRepoOf(
  db: Db,
  actor: Principal | null,
  repo: Parameters<typeof insertRepo>[1],
): Promise<Repo | null> {
  return inTransaction(db, async (tx) => {
    const row = await insertRepo(tx, repo)
    if (!row) return null
    const subject = `${row.owner}/${row.name}`
    const at = row.created
    await recordAudit(tx, { actor, action: 'repo.create', subject, repoId: row.id, at })
    return row
  })
}

async function hookSecrets(options: RepoServiceOptions, slug: string): Promise<HookSecret[]> {
  const only = splitSlug(slug)
  if (only === null) return []
  return opened(options, await sealedHookSecrets(options.db, only))
}

async function hookSecretsOf(
  options: RepoServiceOptions,
  names: readonly string[] | 'all',
  max: number,
): Promise<HookSecret[] | null> {
  const rows = await sealedHookSecretsOf(options.db, names, max + 1)
  return rows.length > max ? null : opened(options, rows)
}

function opened({ secrets, logger }: RepoServiceOptions, rows: readonly SealedHook[]) {
  return rows.flatMap(({ repo, sealed }) => {
    try {
      return [{ repo, secret: secrets.open(sealed, hookSecretContext(repo)) }]
    } catch (error) {
      // One damaged row must not keep every other repo's hooks out.
      logger.error({ repoId: repo.id, reason: messageOf(error) }, 'a hook secret is unreadable')
      return []
    }
  })
}

function splitSlug(slug: string): { readonly owner: string; readonly name: string } | null {
  const [owner, name, ...rest] = slug.split('/')
  return owner && name && rest.length === 0 ? { owner, name } : null
}

async function removeRepo(
  options: RepoServiceOptions,
  owner: string,
  name: string,
  actor: Principal | null,
): Promise<boolean> {
  const { db, logs, mirrors, dispatcher, logger } = options
  const repo = await findRepo(db, owner, name)
  if (!repo) return false
  const effects = new Effects()
  const stages = await inTransaction(db, async (tx) => {
    const rows = await stagesOfRepo(tx, repo.id)
    await deleteRepo(tx, repo.id)
    const subject = `${owner}/${name}`
    await recordAudit(tx, { actor, action: 'repo.delete', subject, repoId: repo.id })
    return rows
  })
  for (const stage of stages) stopStage(stage, effects)
  dispatcher.dispatch(effects)
  for (const { id } of stages) {
    await logs.removeStage(id)
    await deleteStepLogs(db, id)
  }
  await mirrors.remove(repo.id).catch((error: unknown) =>
    // It is gone for everyone but the disk; a fetch that is under way may hold its directory.
    logger.warn({ repoId: repo.id, reason: messageOf(error) }, 'could not remove a mirror'),
  )
  return true
}

function stopStage(stage: StageRow, effects: Effects): void {
  const { id: stageId, attempt, session, queue } = stage
  if (stage.status === 'pending') effects.unqueue.push({ queue, stageId, attempt })
  if (stage.status !== 'running') return
  const reason = 'the repo was removed'
  effects.cancels.push({
    session,
    cancel: { type: 'cancel', kind: 'stale', stageId, attempt, reason },
  })
}
