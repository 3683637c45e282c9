import { recordAudit } from '../audit/record.js'
import type { Clock } from '../clock.js'
import type { Repo } from '../services.js'
import type { Db } from '../store/database.js'
import {
  deleteRepoMember,
  membersOf,
  readableRepos,
  repoWithRoles,
  rolesOfOwner,
  setRepoMember,
} from '../store/memberships.js'
import type { GivenRoles, RolesOf } from '../store/memberships.js'
import { inTransaction } from '../store/transaction.js'
import { ROLES_KEPT_MS } from './limits.js'
import type { Principal, Role } from './principal.js'
import { effectiveRole, higher, lower, roleOf } from './rules.js'
import type { Actor, RepoAccess, RepoPage, Roles, User } from './types.js'

export interface RolesOptions {
  readonly db: Db
  readonly clock: Clock
  readonly sync: (userId: number) => Promise<void>
}

/** What people may do with repos, from what the forge says, what was given by hand, and what everybody may. */
export function createRoles(options: RolesOptions): Roles {
  const { db, sync } = options
  return {
    sync,
    inRepo: (principal, owner, name) => inRepo(options, principal, owner, name),
    inNamespace: (principal, namespace) => inNamespace(options, principal, namespace),
    visible: (principal, page) => visible(options, principal, page),
    members: async (repo) =>
      (await membersOf(db, repo.id)).flatMap(({ role: text, ...user }) => {
        const role = roleOf(text)
        return role === null ? [] : [{ user, role }]
      }),
    setMember: (actor, repo, user, role) => setMember(options, actor, { repo, user, role }),
  }
}

async function inRepo(
  options: RolesOptions,
  principal: Principal | null,
  owner: string,
  name: string,
): Promise<RepoAccess | null> {
  const row = await repoWithRoles(options.db, rolesOf(options, principal), owner, name)
  if (row === null) return null
  const { given_here, given_by_forge, ...repo } = row
  return { repo, role: effectiveRole(principal, repo, given({ given_here, given_by_forge })) }
}

async function inNamespace(
  options: RolesOptions,
  principal: Principal | null,
  namespace: string,
): Promise<Role | null> {
  if (principal?.admin === true) return effectiveRole(principal, PRIVATE, null)
  const repos = await rolesOfOwner(options.db, rolesOf(options, principal), namespace)
  const roles = repos.map((repo) => effectiveRole(principal, repo, given(repo)))
  const [first = null, ...others] = roles
  // Who sees none of the repos must not learn that there are any.
  const least = others.reduce(lower, first)
  return least ?? (roles.some((role) => role !== null) ? 'read' : null)
}

const PRIVATE = { visibility: 'private' }

async function visible(
  options: RolesOptions,
  principal: Principal | null,
  page: RepoPage,
): Promise<readonly Repo[]> {
  const visibilities = principal === null ? ['public'] : ['public', 'internal']
  const all = principal?.admin === true
  return readableRepos(options.db, { of: rolesOf(options, principal), visibilities, all }, page)
}

function rolesOf({ clock }: RolesOptions, principal: Principal | null): RolesOf {
  return { userId: principal?.userId ?? 0, heardSince: clock.now() - ROLES_KEPT_MS }
}

function given({ given_here, given_by_forge }: GivenRoles): Role | null {
  return higher(roleOf(given_here), roleOf(given_by_forge))
}

async function setMember(
  { db, clock }: RolesOptions,
  actor: Actor,
  { repo, user, role }: { readonly repo: Repo; readonly user: User; readonly role: Role | null },
): Promise<void> {
  const now = clock.now()
  await inTransaction(db, async (tx) => {
    const member = { repo_id: repo.id, user_id: user.id }
    if (role === null) await deleteRepoMember(tx, repo.id, user.id)
    else await setRepoMember(tx, { ...member, role, created: now })
    await recordAudit(tx, {
      ...{ actor, action: 'repo.update', subject: `${repo.owner}/${repo.name}`, repoId: repo.id },
      ...{ detail: { member: user.login, role }, at: now },
    })
  })
}
