import { repoWithRoles } from './memberships.js'
import type { Db } from './database.js'
import type { RepoRow } from './repos.js'

/**
 * True when the login is an account of the repo's own forge that may push to it, or was given that by hand.
 * @param heardSince what the forge said of roles before then (Unix milliseconds) counts for nothing
 */
export async function mayWrite(
  db: Db,
  repo: RepoRow,
  { login, heardSince }: { readonly login: string; readonly heardSince: number },
): Promise<boolean> {
  if (repo.forge === '') return false
  const users = await db
    .selectFrom('users')
    .select('id')
    .where('forge', '=', repo.forge)
    .where('login', '=', login)
    .where('active', '=', 1)
    .where('allowed', '=', 1)
    .execute()
  // A login that was freed and taken again is that of several accounts here: whoever has it now is not known.
  const [user] = users
  if (user === undefined || users.length > 1) return false
  const roles = await repoWithRoles(db, { userId: user.id, heardSince }, repo.owner, repo.name)
  return [roles?.given_here, roles?.given_by_forge].some(
    (role) => role === 'write' || role === 'admin',
  )
}
