import type { Generated } from 'kysely'

/** Who read or changed what. */
export interface AuditTables {
  audit: AuditTable
}

export interface AuditTable {
  id: Generated<number>
  /** When: Unix milliseconds. */
  at: number
  /** Row in `users`; 0 for the installation's own token and for what the server does by itself. */
  user_id: number
  /** Name of the actor at the time; empty for what the server does by itself. */
  login: string
  /** `Principal.via`, or `system`. */
  via: string
  /** An `AuditAction`. */
  action: string
  /** What was read or changed, by its name. */
  subject: string
  /** The repo, also when it is gone since; 0: none. */
  repo_id: number
  /** JSON object; never holds a secret. */
  detail_json: string
  /** What may happen again without being told again; null: everything is told. */
  once: string | null
}
