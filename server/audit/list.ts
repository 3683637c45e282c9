import type { Selectable } from 'kysely'
import type { Db } from '../store/database.js'
import type { AuditTable } from '../store/schema/audit.js'
import type { AuditAction } from './actions.js'
import { recordAudit, type AuditEntry } from './record.js'

export type AuditRow = Selectable<AuditTable>

/** Which entries are wanted. */
export interface AuditQuery {
  readonly repoId?: number
  readonly action?: AuditAction
  readonly login?: string
  /** Only entries older than the one with this id. */
  readonly before?: number
  readonly limit: number
}

/** Who read or changed what. */
export interface AuditService {
  /** Newest first. */
  list(query: AuditQuery): Promise<readonly AuditRow[]>
  /** Writes down what is no change: of that somebody has read it. */
  record(entry: AuditEntry): Promise<void>
}

/** The audit log in the database. */
export function createAuditService(db: Db): AuditService {
  return {
    list: (query) => listAudit(db, query),
    record: (entry) => recordAudit(db, entry),
  }
}

async function listAudit(db: Db, query: AuditQuery): Promise<readonly AuditRow[]> {
  const { repoId, action, login, before, limit } = query
  let rows = db.selectFrom('audit').selectAll()
  if (repoId !== undefined) rows = rows.where('repo_id', '=', repoId)
  if (action !== undefined) rows = rows.where('action', '=', action)
  if (login !== undefined) rows = rows.where('login', '=', login)
  if (before !== undefined) rows = rows.where('id', '<', before)
  return rows.orderBy('id', 'desc').limit(limit).execute()
}
