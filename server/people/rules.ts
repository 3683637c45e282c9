import type { Principal, Role } from './principal.js'

const RANK: Readonly<Record<Role, number>> = { read: 1, write: 2, admin: 3 }

/** Whether a role, or none, includes another one. */
export function includes(role: Role | null, wanted: Role): boolean {
  return role !== null && RANK[role] >= RANK[wanted]
}

/** The higher of two roles; null is none. */
export function higher(a: Role | null, b: Role | null): Role | null {
  if (a === null || b === null) return a ?? b
  return RANK[a] >= RANK[b] ? a : b
}

/** The lower of two roles; null is none. */
export function lower(a: Role | null, b: Role | null): Role | null {
  if (a === null || b === null) return null
  return RANK[a] <= RANK[b] ? a : b
}

/**
 * What somebody may do with a repo: all when an administrator, else what he was given or what everybody may who sees
 * it; never more than the token that he came with was made for.
 */
export function effectiveRole(
  principal: Principal | null,
  repo: { readonly visibility: string },
  given: Role | null,
): Role | null {
  const seen = isSeen(repo.visibility, principal !== null) ? 'read' : null
  if (principal === null) return seen
  const role = principal.admin ? 'admin' : higher(given, seen)
  return principal.scope === null ? role : lower(role, principal.scope)
}

/** Reads a role from the database or a forge; anything else is none. */
export function roleOf(text: string | null | undefined): Role | null {
  return text === 'read' || text === 'write' || text === 'admin' ? text : null
}

/** What is neither `public` nor `internal` is private. */
function isSeen(visibility: string, isSignedIn: boolean): boolean {
  return visibility === 'public' || (visibility === 'internal' && isSignedIn)
}
