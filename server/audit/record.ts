import type { Principal } from '../people/principal.js'
import type { Db } from '../store/database.js'
import type { AuditAction } from './actions.js'

/** One thing that somebody read or changed. */
export interface AuditEntry {
  /** Null: the server by itself. */
  readonly actor: Pick<Principal, 'userId' | 'login' | 'via'> | null
  readonly action: AuditAction
  /** What was read or changed, by its name: `o/n deploy_key`. Cut at 500 characters. */
  readonly subject: string
  readonly repoId?: number
  /** Never a secret; at most 4 KiB as JSON, else left out. */
  readonly detail?: Readonly<Record<string, unknown>>
  /** An entry with the same text is written once only. */
  readonly once?: string
  /** Unix milliseconds; default now. */
  readonly at?: number
}

const SUBJECT_LENGTH_MAX = 500
const DETAIL_LENGTH_MAX = 4096

/** Writes it down. In the transaction of the change itself, so that there is never one without the other. */
export async function recordAudit(tx: Db, entry: AuditEntry): Promise<void> {
  const { actor, action, subject, repoId = 0, once = null, at = Date.now() } = entry
  await tx
    .insertInto('audit')
    .values({
      at,
      user_id: actor?.userId ?? 0,
      login: (actor?.login ?? '').slice(0, SUBJECT_LENGTH_MAX),
      via: actor?.via ?? 'system',
      action,
      subject: subject.slice(0, SUBJECT_LENGTH_MAX),
      repo_id: repoId,
      detail_json: detailText(entry.detail ?? {}),
      once,
    })
    .onConflict((conflict) => conflict.column('once').doNothing())
    .execute()
}

function detailText(detail: Readonly<Record<string, unknown>>): string {
  const text = JSON.stringify(detail)
  return text.length > DETAIL_LENGTH_MAX ? '{"left_out":true}' : text
}
