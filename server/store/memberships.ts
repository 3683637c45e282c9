import { sql } from 'kysely'
import type { Expression, Insertable, SqlBool } from 'kysely'
import type { Db } from './database.js'
import { REPO_COLUMNS } from './repos.js'
import type { RepoRow } from './repos.js'
import type { MembershipTable, RepoMemberTable } from './schema/people.js'
import { USER_COLUMNS } from './users.js'
import type { UserRow } from './users.js'

/** Whose roles, and how old the forge's word on them may be. */
export interface RolesOf {
  /** 0: nobody's. */
  readonly userId: number
  /** Unix ms; what was heard before counts for nothing. */
  readonly heardSince: number
}

/** What somebody was given in a repo: by hand, and by the repo's forge. */
export interface GivenRoles {
  readonly given_here: string | null
  readonly given_by_forge: string | null
}

/** The repo with the user's roles in it, or null: one query that goes by indexes. */
export async function repoWithRoles(
  db: Db,
  of: RolesOf,
  owner: string,
  name: string,
): Promise<(RepoRow & GivenRoles) | null> {
  const query = db
    .selectFrom('repos')
    .select(REPO_COLUMNS)
    .select([here(of).as('given_here'), byForge(of).as('given_by_forge')])
  const row = await query.where('owner', '=', owner).where('name', '=', name).executeTakeFirst()
  return row ?? null
}

/** Visibility and the user's roles of every repo of an owner, whose name is the same whatever the case of its letters. */
export async function rolesOfOwner(
  db: Db,
  of: RolesOf,
  owner: string,
): Promise<readonly ({ readonly visibility: string } & GivenRoles)[]> {
  return db
    .selectFrom('repos')
    .select('visibility')
    .select([here(of).as('given_here'), byForge(of).as('given_by_forge')])
    .where(({ fn }) => fn('lower', ['owner']), '=', owner.toLowerCase())
    .execute()
}

/** Repos that somebody may read, by owner and name. */
export async function readableRepos(
  db: Db,
  who: { readonly of: RolesOf; readonly visibilities: readonly string[]; readonly all: boolean },
  page: {
    readonly limit: number
    readonly offset?: number
    readonly after?: { readonly owner: string; readonly name: string }
  },
): Promise<readonly RepoRow[]> {
  let query = db.selectFrom('repos').select(REPO_COLUMNS)
  const { after, limit, offset = 0 } = page
  if (after !== undefined) {
    query = query.where((eb) =>
      eb.or([
        eb('owner', '>', after.owner),
        eb.and([eb('owner', '=', after.owner), eb('name', '>', after.name)]),
      ]),
    )
  }
  if (!who.all) {
    query = query.where((eb) =>
      eb.or([
        eb('visibility', 'in', [...who.visibilities]),
        isGiven(here(who.of)),
        isGiven(byForge(who.of)),
      ]),
    )
  }
  return query.orderBy('owner').orderBy('name').limit(limit).offset(offset).execute()
}

/** Who was given a role in the repo by hand, by user id. */
export async function membersOf(
  db: Db,
  repoId: number,
): Promise<readonly (UserRow & { readonly role: string })[]> {
  return db
    .selectFrom('repo_members')
    .innerJoin('users', 'users.id', 'repo_members.user_id')
    .select(USER_COLUMNS)
    .select('repo_members.role')
    .where('repo_members.repo_id', '=', repoId)
    .orderBy('users.id')
    .limit(MEMBERS_MAX)
    .execute()
}

/** Most members of a repo that are listed. */
const MEMBERS_MAX = 1_000

/** Rows of one insert: Postgres and SQLite bound the number of its values. */
const INSERTED_AT_ONCE = 500

/** Puts what a forge says now in the place of what it said before. */
export async function replaceMemberships(
  tx: Db,
  userId: number,
  rows: readonly Insertable<MembershipTable>[],
): Promise<void> {
  await tx.deleteFrom('memberships').where('user_id', '=', userId).execute()
  for (let start = 0; start < rows.length; start += INSERTED_AT_ONCE) {
    const some = rows.slice(start, start + INSERTED_AT_ONCE)
    await tx
      .insertInto('memberships')
      .values(some)
      // Another server may have asked at the same time.
      .onConflict((conflict) =>
        conflict.columns(['user_id', 'forge', 'remote_id']).doUpdateSet((eb) => ({
          slug: eb.ref('excluded.slug'),
          role: eb.ref('excluded.role'),
        })),
      )
      .execute()
  }
}

/** Gives a role by hand, or changes it. */
export async function setRepoMember(db: Db, member: Insertable<RepoMemberTable>): Promise<void> {
  await db
    .insertInto('repo_members')
    .values(member)
    .onConflict((conflict) =>
      conflict.columns(['user_id', 'repo_id']).doUpdateSet({ role: member.role }),
    )
    .execute()
}

/** Takes back a role that was given by hand. */
export async function deleteRepoMember(db: Db, repoId: number, userId: number): Promise<void> {
  await db
    .deleteFrom('repo_members')
    .where('repo_id', '=', repoId)
    .where('user_id', '=', userId)
    .execute()
}

function here({ userId }: RolesOf) {
  return sql<string | null>`(
    select repo_members.role from repo_members
    where repo_members.user_id = ${userId} and repo_members.repo_id = repos.id)`
}

/** A repo whose id at the forge is known is found by that: its name may be another's by now. */
function byForge({ userId, heardSince }: RolesOf) {
  return sql<string | null>`coalesce(
    (select memberships.role from memberships join users on users.id = memberships.user_id
     where repos.remote_id <> '' and memberships.user_id = ${userId}
       and memberships.forge = repos.forge and memberships.remote_id = repos.remote_id
       and users.synced > ${heardSince}),
    (select memberships.role from memberships join users on users.id = memberships.user_id
     where repos.remote_id = '' and memberships.user_id = ${userId}
       and memberships.forge = repos.forge
       and memberships.slug = lower(repos.owner || '/' || repos.name)
       and users.synced > ${heardSince}
     limit 1))`
}

function isGiven(role: Expression<string | null>): Expression<SqlBool> {
  return sql<SqlBool>`${role} is not null`
}
