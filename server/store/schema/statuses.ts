import type { Generated } from 'kysely'

/** Tables of what forges are told about commits. */
export interface StatusTables {
  statuses: StatusTable
}

/**
 * The status of a commit at its repo's forge: what is to be sent, and what was sent last. There is one row for
 * each repo, commit and context, as there is one status at the forge; it is the newest build's. What is wanted is not
 * in it, only that something is (`wanted` > `sent`): whoever sends reads the build as it is then.
 */
export interface StatusTable {
  id: Generated<number>
  repo_id: number
  commit_sha: string
  /** e.g. `continuous-integration/sandpiper/push`. */
  context: string
  /** The newest build of them. */
  build_id: number
  /** Counts the changes of the build. */
  wanted: number
  /** `wanted` as it was when the state was read that the forge has; 0: it has none. */
  sent: number
  /** When it is to be sent, or tried again; null when there is nothing to do. */
  due: number | null
  /** Who sends it now, and until when nobody else may; empty and 0 when nobody does. */
  claim: string
  claimed_until: number
  /** Failures since the last success, when the first of them was (0: none), and why the last one. */
  failures: number
  failing_since: number
  error: string
  /** What the forge has. */
  state: string
  description: string
  link: string
  sent_at: number
  created: number
  updated: number
}
