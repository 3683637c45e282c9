import { DatabaseError } from 'pg'
import { messageOf } from '../../../protocol/errors.js'
import { storeUnavailable } from '../../errors.js'

/** SQLSTATEs that speak of the server's state, not of the query (Postgres manual, appendix A). */
const UNAVAILABLE = [
  /^08/, // the connection failed
  /^53/, // out of disk, memory or connections
  /^57P0/, // it shuts down, crashed or starts up
  /^57014$/, // statement_timeout
  /^55P03$/, // lock_timeout
  /^25P0[34]$/, // the session or its transaction was idle for too long
  /^25006$/, // a standby, which does not write
  /^58/, // the system under it failed
]

/**
 * What a query or a connection failed with: an error with words for operators and for clients, who are to try
 * again later, when it is not the query's own fault; else the error as it is.
 */
export function postgresFailure(error: unknown): unknown {
  const code = sqlStateOf(error)
  if (code !== null && !UNAVAILABLE.some((pattern) => pattern.test(code))) return error
  return storeUnavailable(messageOf(error), error)
}

/** True when the server ended the transaction for others' sake: it may go through when it is done again. */
export function isTransient(error: unknown): boolean {
  const code = sqlStateOf(error)
  return code === '40001' || code === '40P01'
}

/** Null for what the driver itself tells: that the connection is gone, `EPIPE` say, which looks like one. */
function sqlStateOf(error: unknown): string | null {
  return error instanceof DatabaseError ? (error.code ?? '') : null
}
