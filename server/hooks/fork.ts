import { cleanLine } from './text.js'

/** A repo as a pull request names its two. */
export interface RepoIdentity {
  /** `owner/name`. */
  readonly slug?: string | null | undefined
  /** The forge's own id. */
  readonly id?: number | string | null | undefined
}

/** What stands for the repo of a pull request that nobody can tell any more, say one that was deleted. */
export const UNKNOWN_REPO = '(unknown)'

/**
 * `owner/name` of the repo that a pull request comes from when that is another one; empty when it is the same.
 * Secrets and approval hang on it, so whatever can't be known to be the same counts as another one.
 */
export function sourceRepoOf(
  head: RepoIdentity | null | undefined,
  base: RepoIdentity | null | undefined,
): string {
  if (isSameRepo(head ?? {}, base ?? {})) return ''
  return cleanLine(head?.slug) || UNKNOWN_REPO
}

function isSameRepo(head: RepoIdentity, base: RepoIdentity): boolean {
  const haveIds = isGiven(head.id) && isGiven(base.id)
  const haveSlugs = isGiven(head.slug) && isGiven(base.slug)
  if (haveIds && String(head.id) !== String(base.id)) return false
  // Two repos that share an id do not share a name for long: a renamed repo has its old one in old payloads.
  if (haveIds) return true
  return haveSlugs && String(head.slug).toLowerCase() === String(base.slug).toLowerCase()
}

function isGiven(value: number | string | null | undefined): boolean {
  return value !== undefined && value !== null && value !== ''
}
