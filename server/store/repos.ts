import type { Insertable, Selectable, Updateable } from 'kysely'
import { sql } from 'kysely'
import type { Db } from './database.js'
import type { RepoTable } from './schema.js'

/** A repo without its secrets. */
export type RepoRow = Omit<Selectable<RepoTable>, 'hook_secret' | 'forge_token'>

/** All columns of a `RepoRow`. */
export const REPO_COLUMNS = [
  'id',
  'owner',
  'name',
  'clone_url',
  'allow_file_transport',
  'default_branch',
  'link',
  'private',
  'active',
  'counter',
  'deploy_counter',
  'timeout_ms',
  'network_allow',
  'forge',
  'remote_id',
  'visibility',
  'require_approval',
  'user_id',
  'protected',
  'ignore_forks',
  'ignore_pull_requests',
  'auto_cancel_pushes',
  'auto_cancel_pull_requests',
  'auto_cancel_running',
  'running_max',
  'keep_days',
  'keep_builds',
  'keep_bytes',
  'optional_events',
  'created',
  'updated',
] as const

/** Adds a repo; null when one of that owner and name exists. */
export async function insertRepo(db: Db, repo: Insertable<RepoTable>): Promise<RepoRow | null> {
  const row = await db
    .insertInto('repos')
    .values(repo)
    .onConflict((conflict) => conflict.columns(['owner', 'name']).doNothing())
    .returning(REPO_COLUMNS)
    .executeTakeFirst()
  return row ?? null
}

/** The repo of that owner and name, or null. */
export async function findRepo(db: Db, owner: string, name: string): Promise<RepoRow | null> {
  const query = db.selectFrom('repos').select(REPO_COLUMNS)
  const row = await query.where('owner', '=', owner).where('name', '=', name).executeTakeFirst()
  return row ?? null
}

/** The repo with that id, or null. */
export async function findRepoById(db: Db, id: number): Promise<RepoRow | null> {
  const query = db.selectFrom('repos').select(REPO_COLUMNS)
  return (await query.where('id', '=', id).executeTakeFirst()) ?? null
}

/** Every repo, by name. */
export async function listRepos(db: Db): Promise<RepoRow[]> {
  return db.selectFrom('repos').select(REPO_COLUMNS).orderBy('owner').orderBy('name').execute()
}

/** A repo with its hook secret, sealed. */
export interface SealedHook {
  readonly repo: RepoRow
  readonly sealed: string
}

/** The sealed hook secret of an active repo; nothing when there is none of that name. */
export async function sealedHookSecrets(
  db: Db,
  { owner, name }: { readonly owner: string; readonly name: string },
): Promise<SealedHook[]> {
  return sealedOf(activeRepos(db).where('owner', '=', owner).where('name', '=', name))
}

/** Sealed hook secrets of the active repos with such names (`RepoService.hookSecretsOf`), or of all, by repo id. */
export async function sealedHookSecretsOf(
  db: Db,
  names: readonly string[] | 'all',
  limit: number,
): Promise<SealedHook[]> {
  const query = activeRepos(db).orderBy('id').limit(limit)
  if (names === 'all') return sealedOf(query)
  const isPath = (name: string): boolean => name.split('/').length === 2
  const paths = names.filter(isPath).map((name) => name.replace(/^~/, ''))
  const alone = names.filter((name) => !isPath(name)).map((name) => name.split('/').at(-1))
  return sealedOf(
    query.where((eb) =>
      eb.or([
        ...(paths.length > 0 ? [eb(sql`lower(owner) || '/' || lower(name)`, 'in', paths)] : []),
        ...(alone.length > 0 ? [eb(sql`lower(name)`, 'in', alone)] : []),
      ]),
    ),
  )
}

function activeRepos(db: Db) {
  return db
    .selectFrom('repos')
    .select([...REPO_COLUMNS, 'hook_secret'])
    .where('active', '=', 1)
}

async function sealedOf(query: ReturnType<typeof activeRepos>): Promise<SealedHook[]> {
  const rows = await query.execute()
  return rows.map(({ hook_secret, ...repo }) => ({ repo, sealed: hook_secret }))
}

/** The repo's own token for its forge, sealed; null when it has none. */
export async function sealedRepoToken(db: Db, id: number): Promise<string | null> {
  const query = db.selectFrom('repos').select('forge_token').where('id', '=', id)
  return (await query.executeTakeFirst())?.forge_token ?? null
}

/** Some repo with its sealed secret, or null when there is none. */
export async function findRepoSecret(
  db: Db,
): Promise<{ readonly owner: string; readonly name: string; readonly hook_secret: string } | null> {
  const query = db.selectFrom('repos').select(['owner', 'name', 'hook_secret'])
  return (await query.orderBy('id').limit(1).executeTakeFirst()) ?? null
}

/** Counts the repo's builds up and returns the new build's number; null when the repo is gone. */
export async function nextBuildNumber(db: Db, repoId: number, now: number): Promise<number | null> {
  const row = await db
    .updateTable('repos')
    .set((eb) => ({ counter: eb('counter', '+', 1), updated: now }))
    .where('id', '=', repoId)
    .returning('counter')
    .executeTakeFirst()
  return row?.counter ?? null
}

/** Counts the repo's deployments up and returns the new one's number; null when the repo is gone. */
export async function nextDeployNumber(
  db: Db,
  repoId: number,
  now: number,
): Promise<number | null> {
  const row = await db
    .updateTable('repos')
    .set((eb) => ({ deploy_counter: eb('deploy_counter', '+', 1), updated: now }))
    .where('id', '=', repoId)
    .returning('deploy_counter')
    .executeTakeFirst()
  return row?.deploy_counter ?? null
}

/** Notes which events its pipeline files name that only few are written for. */
export async function setOptionalEvents(db: Db, id: number, events: string): Promise<void> {
  const query = db.updateTable('repos').set({ optional_events: events })
  await query.where('id', '=', id).execute()
}

/** Changes a repo. */
export async function updateRepo(
  db: Db,
  id: number,
  change: Updateable<RepoTable> & { readonly updated: number },
): Promise<void> {
  await db.updateTable('repos').set(change).where('id', '=', id).execute()
}

/** Removes the repo and, by cascade, everything in the database that belongs to it. */
export async function deleteRepo(db: Db, id: number): Promise<void> {
  await db.deleteFrom('repos').where('id', '=', id).execute()
}
