import { sql } from 'kysely'
import type { Logger } from 'pino'
import { messageOf } from '../../protocol/errors.js'
import { recordAudit } from '../audit/record.js'
import type { Clock } from '../clock.js'
import type { Principal } from '../people/principal.js'
import type { Db } from '../store/database.js'
import { inTransaction } from '../store/transaction.js'
import type { RewrappingBox } from './box.js'
import { SEALED_COLUMNS, type SealedColumn } from './sealed-columns.js'

/** The server's keys, never themselves. */
export interface KeyService {
  list(): Promise<readonly KeyUse[]>
  /** Makes a new current key, unless told not to, and puts everything that is sealed under the current one. */
  rotate(actor: Principal | null, options?: RotateOptions): Promise<Rotation>
}

export interface KeyUse {
  readonly id: string
  readonly current: boolean
  /** Values that only this key opens. */
  readonly uses: number
}

export interface RotateOptions {
  /** Default true; false: only finish what an earlier rotation left. */
  readonly newKey?: boolean
  /** Take old keys that nothing needs any more out of the file. Default false. */
  readonly removeOld?: boolean
}

export interface Rotation {
  readonly keys: readonly KeyUse[]
  /** Values that got the current key. */
  readonly rewrapped: number
  /** Values that no key opens; they stay as they are. */
  readonly unreadable: number
}

export interface KeyServiceOptions {
  readonly db: Db
  readonly box: RewrappingBox
  readonly clock: Clock
  readonly logger: Logger
}

/** Values in memory at once. */
const PAGE = 200

/**
 * Keys in the file and in the database. Killed at any moment, everything opens: a key is on the disk before anything is
 * sealed with it, a value has its old key or the new one, and a key is removed when the database has nothing for it.
 */
export function createKeyService(options: KeyServiceOptions): KeyService {
  let last: Promise<unknown> = Promise.resolve()
  return {
    list: () => keyUses(options),
    rotate: (actor, wishes = {}) => {
      // One after the other; other servers are kept off by the row in `key_ring`.
      const turn = last.then(() => rotate(options, actor, wishes))
      last = turn.catch(() => undefined)
      return turn
    },
  }
}

async function rotate(
  options: KeyServiceOptions,
  actor: Principal | null,
  { newKey = true, removeOld = false }: RotateOptions,
): Promise<Rotation> {
  if (newKey) await addKey(options, actor)
  let rewrapped = 0
  let unreadable = 0
  for (const column of SEALED_COLUMNS) {
    const done = await rewrapColumn(options, column)
    rewrapped += done.rewrapped
    unreadable += done.unreadable
  }
  if (removeOld) await removeUnused(options, actor)
  return { keys: await keyUses(options), rewrapped, unreadable }
}

async function addKey({ db, box, clock }: KeyServiceOptions, actor: Principal | null) {
  await inTransaction(db, async (tx) => {
    await lockRing(tx)
    // Should the transaction run twice there is one key more than needed, and nothing lost.
    const { id } = await box.ring.addKey()
    const at = clock.now()
    await recordAudit(tx, { actor, action: 'key.rotate', subject: `key ${id}`, at })
  })
}

async function removeUnused(options: KeyServiceOptions, actor: Principal | null) {
  const { box, clock } = options
  await inTransaction(options.db, async (db) => {
    await lockRing(db)
    const unused = (await keyUses({ ...options, db })).filter((key) => !key.current && !key.uses)
    if (unused.length === 0) return
    await box.ring.removeKeys(new Set(unused.map(({ id }) => id)))
    for (const { id } of unused) {
      const subject = `key ${id}`
      await recordAudit(db, { actor, action: 'key.remove', subject, at: clock.now() })
    }
  })
}

/** Whoever changes the file of keys has this row till the end of the transaction. */
async function lockRing(tx: Db): Promise<void> {
  const change = tx.updateTable('key_ring').set((eb) => ({ changes: eb('changes', '+', 1) }))
  await change.where('id', '=', 1).execute()
}

async function rewrapColumn(
  options: KeyServiceOptions,
  column: SealedColumn,
): Promise<{ rewrapped: number; unreadable: number }> {
  const done = { rewrapped: 0, unreadable: 0 }
  for (let after = 0; ;) {
    const rows = await valuesUnderOldKeys(options, column, after)
    for (const row of rows) {
      if (await rewrapRow(options, column, row)) done.rewrapped += 1
      else done.unreadable += 1
      after = row.id
    }
    if (rows.length < PAGE) return done
  }
}

/** A row with a sealed value, and what its context is made of. */
interface SealedRow {
  readonly id: number
  readonly sealed: string
  readonly owner: string
  readonly name: string
}

async function valuesUnderOldKeys(
  { db, box }: KeyServiceOptions,
  { table, column, legacy }: SealedColumn,
  after: number,
): Promise<readonly SealedRow[]> {
  const names = ['id', ...(legacy?.columns ?? [])].map((name) => sql.ref(name))
  const current = `v2:${box.ring.current.id}:%`
  const { rows } = await sql<SealedRow>`
    select ${sql.join(names)}, ${sql.ref(column)} as sealed from ${sql.table(table)}
    where id > ${after} and ${sql.ref(column)} is not null and ${sql.ref(column)} <> ''
      and ${sql.ref(column)} not like ${current}
    order by id limit ${PAGE}`.execute(db)
  return rows
}

/** False when no key opens it. A value that somebody changed meanwhile is left alone: it has the current key. */
async function rewrapRow(
  { db, box, logger }: KeyServiceOptions,
  { table, column, legacy }: SealedColumn,
  row: SealedRow,
): Promise<boolean> {
  const where = `${table}.${column} ${row.id}`
  const context = legacy?.context(row) ?? where
  try {
    const sealed = box.rewrap(row.sealed, context)
    if (sealed === null) return true
    await sql`update ${sql.table(table)} set ${sql.ref(column)} = ${sealed}
      where id = ${row.id} and ${sql.ref(column)} = ${row.sealed}`.execute(db)
    return true
  } catch (error) {
    logger.error({ where, reason: messageOf(error) }, 'a sealed value is unreadable')
    return false
  }
}

async function keyUses({ db, box }: KeyServiceOptions): Promise<readonly KeyUse[]> {
  const { keys, current } = box.ring
  const uses = new Map<string, number>()
  let direct = 0
  for (const column of SEALED_COLUMNS) {
    for (const { id } of keys) {
      const count = await countLike(db, column, `v2:${id}:%`)
      uses.set(id, (uses.get(id) ?? 0) + count)
    }
    direct += await countLike(db, column, 'v1:%')
  }
  // What does not say which key it has may have any: none may go while there is such a value.
  return keys.map(({ id }) => {
    return { id, current: id === current.id, uses: (uses.get(id) ?? 0) + direct }
  })
}

async function countLike(db: Db, { table, column }: SealedColumn, like: string): Promise<number> {
  const { rows } = await sql<{ count: number | string }>`
    select count(*) as count from ${sql.table(table)}
    where ${sql.ref(column)} like ${like}`.execute(db)
  return Number(rows[0]?.count ?? 0)
}
