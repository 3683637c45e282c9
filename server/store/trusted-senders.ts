import type { Db } from './database.js'
import type { RepoRow } from './repos.js'

/** True when the login is an account of the repo's own forge that may push to it, or was given that by hand. */
export async function mayWrite(db: Db, repo: RepoRow, login: string): Promise<boolean> {
  if (repo.forge === '') return false
  const user = await db
    .selectFrom('users')
    .select('id')
    .where('forge', '=', repo.forge)
    .where('login', '=', login)
    .where('active', '=', 1)
    .executeTakeFirst()
  if (!user) return false
  const slug = `${repo.owner}/${repo.name}`.toLowerCase()
  const known = await db
    .selectFrom('memberships')
    .select('role')
    .where('user_id', '=', user.id)
    .where('forge', '=', repo.forge)
    .where('slug', '=', slug)
    .where('role', 'in', ['write', 'admin'])
    .executeTakeFirst()
  if (known) return true
  const given = await db
    .selectFrom('repo_members')
    .select('role')
    .where('repo_id', '=', repo.id)
    .where('user_id', '=', user.id)
    .where('role', 'in', ['write', 'admin'])
    .executeTakeFirst()
  return given !== undefined
}
