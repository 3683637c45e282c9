import Libsql from 'libsql'
import type { SqliteDatabase, SqliteStatement } from 'kysely'
import { hasCode } from '../error-code.js'
import { StatementCache } from './statement-cache.js'

/** How long a write waits for another process that holds the database, in milliseconds. */
const BUSY_TIMEOUT_MS = 10_000

/**
 * Opens a SQLite file as what Kysely's SQLite dialect wants; the only file that knows the driver.
 *
 * `synchronous` is FULL, not NORMAL: in WAL mode NORMAL may lose the last commits when the machine
 * loses power (https://www.sqlite.org/pragma.html#pragma_synchronous), and we answer webhooks and
 * acknowledge runners' messages, who then forget them, on the strength of a commit.
 */
export function openSqlite(path: string): SqliteDatabase {
  const driver = new Libsql(path)
  for (const pragma of [
    `busy_timeout = ${BUSY_TIMEOUT_MS}`,
    'journal_mode = WAL',
    'synchronous = FULL',
    'foreign_keys = ON',
  ]) {
    driver.pragma(pragma)
  }
  const statements = new StatementCache((sql) =>
    adaptStatement(driver.prepare(withImmediateBegin(sql))),
  )
  return { close: () => driver.close(), prepare: (sql) => statements.get(sql) }
}

/**
 * A deferred transaction that reads before it writes fails at once, whatever the busy timeout, when
 * another process wrote in between (SQLITE_BUSY_SNAPSHOT); an immediate one waits at its start.
 */
function withImmediateBegin(sql: string): string {
  return sql === 'begin' ? 'begin immediate' : sql
}

function adaptStatement(statement: Libsql.Statement): SqliteStatement {
  return {
    reader: statement.reader,
    all: (parameters) => statement.all([...parameters]).map(adaptRow),
    run: (parameters) => {
      const { changes, lastInsertRowid } = statement.run([...parameters])
      return { changes, lastInsertRowid }
    },
    *iterate(parameters) {
      for (const row of statement.iterate([...parameters])) yield adaptRow(row)
    },
  }
}

/** Rows of libsql may carry a `_metadata` field, and its BLOBs are ArrayBuffers. */
function adaptRow(row: unknown): unknown {
  if (typeof row !== 'object' || row === null) return row
  const adapted: Record<string, unknown> = {}
  for (const [name, value] of Object.entries(row)) {
    if (name === '_metadata') continue
    adapted[name] = value instanceof ArrayBuffer ? Buffer.from(value) : value
  }
  return adapted
}

/**
 * Locks a file until the returned function is called or the process ends; null when another process,
 * or another caller in this one, holds it.
 */
export function tryLockFile(path: string): (() => void) | null {
  const driver = new Libsql(path)
  try {
    driver.exec('begin immediate')
    return () => driver.close()
  } catch (error) {
    driver.close()
    if (hasCode(error, 'SQLITE_BUSY')) return null
    throw error
  }
}
