import { afterEach, beforeEach, describe, expect, it } from '@jest/globals'
import { sql } from 'kysely'
import { TEST_STORE, TestDatabase } from '../testing/test-database.js'
import { connectAsIs, openDatabase } from './database.js'
import type { Db } from './database.js'
import { doneMigrations, migrateTo, MIGRATIONS } from './migrate.js'

const NAMES = Object.keys(MIGRATIONS).sort()
/** On Postgres there are no databases from before this one. */
const FIRST = TEST_STORE === 'SQLite' ? '0001-base' : '0006-repo-settings'

let database: TestDatabase
let opened: Db[]
beforeEach(async () => {
  database = await TestDatabase.empty()
  opened = []
})
afterEach(async () => {
  for (const db of opened) await db.destroy()
  await database.remove()
})

async function asIs(): Promise<Db> {
  const db = await connectAsIs(database.address)
  opened.push(db)
  return db
}

/** Columns that must have one of some values, or one that fits others. */
const VALUES: Readonly<Record<string, string | number>> = {
  event_json: '{"event":"push","sourceRepo":"x/n"}',
  ...{ status: 'running', event: 'push', created: 1_795_000_000_000, updated: 1_795_000_000_001 },
  ...{
    number: 1,
    counter: 1,
    attempt: 1,
    parent: 0,
    repo_id: 1,
    build_id: 1,
    stage_id: 1,
    user_id: 1,
    id: 1,
  },
}

/** Puts a row into every table that has none, whatever its columns are, after those that it refers to. */
async function fillTables(db: Db): Promise<Map<string, Record<string, unknown>>> {
  const tables = (await db.introspection.getTables()).filter(
    ({ name }) => !name.startsWith('kysely'),
  )
  const rows = new Map<string, Record<string, unknown>>()
  let problems: readonly string[] = []
  let waiting = tables.map(({ name }) => name)
  // Those that refer to others fail until these are there.
  for (let last = -1; waiting.length !== last;) {
    last = waiting.length
    const failed: string[] = []
    for (const name of waiting) {
      const { rows: there } = await sql`select * from ${sql.table(name)}`.execute(db)
      if (there.length > 0) continue
      const row = await rowFor(db, name)
      const columns = sql.join(Object.keys(row).map((column) => sql.ref(column)))
      const values = sql.join(Object.values(row))
      await sql`insert into ${sql.table(name)} (${columns}) values (${values})`.execute(db).then(
        () => rows.set(name, row),
        (error: unknown) => failed.push(`${name}: ${String(error)}`),
      )
    }
    problems = failed
    waiting = failed.map((problem) => problem.split(':')[0]!)
  }
  expect(problems).toEqual([])
  return rows
}

async function rowFor(db: Db, table: string): Promise<Record<string, unknown>> {
  const tables = await db.introspection.getTables()
  const { columns } = tables.find(({ name }) => name === table)!
  const value = (name: string, type: string): unknown => {
    if (/blob|bytea/i.test(type)) return Buffer.from([0, 1, 255])
    const fit = VALUES[name]
    if (/int/i.test(type)) return typeof fit === 'number' ? fit : 7
    return fit ?? (name.endsWith('_json') ? '[]' : `${table} ${name} \u00fc`)
  }
  return Object.fromEntries(columns.map(({ name, dataType }) => [name, value(name, dataType)]))
}

describe('a database of an earlier version', () => {
  it.each(NAMES.filter((name) => name >= FIRST))('%s keeps its rows', async (name) => {
    const old = await asIs()
    await migrateTo(old, name)
    const rows = await fillTables(old)
    await old.destroy()
    opened = []
    const db = await openDatabase(database.address)
    opened.push(db)
    for (const [table, row] of rows) {
      const found = await sql<Record<string, unknown>>`select * from ${sql.table(table)}`.execute(
        db,
      )
      const match = found.rows.find((each) =>
        Object.entries(row).every(
          ([column, value]) => isSame(each[column], value) || isRewritten(table, column),
        ),
      )
      expect([table, match !== undefined, found.rows]).toEqual([table, true, expect.anything()])
    }
    expect(await doneMigrations(db)).toEqual(NAMES)
  })
})

function isSame(found: unknown, value: unknown): boolean {
  return Buffer.isBuffer(value) ? Buffer.from(found as Uint8Array).equals(value) : found === value
}

/** What later migrations fill in by their own rules. */
function isRewritten(table: string, column: string): boolean {
  const columns: Readonly<Record<string, readonly string[]>> = {
    stages: ['queue', 'cancel_reason', 'supersedes', 'build_origin', 'concurrency_domain'],
    builds: ['origin'],
    deliveries: ['builds_json'],
  }
  return columns[table]?.includes(column) === true
}

describe('bringing the tables up to date', () => {
  it('is done by one of several servers that start at once', async () => {
    const starts = Array.from({ length: TEST_STORE === 'SQLite' ? 1 : 5 }, () =>
      openDatabase(database.address),
    )
    opened = await Promise.all(starts)
    expect(await doneMigrations(opened[0]!)).toEqual(NAMES)
  })

  it('is as if it had not begun when a step of it fails', async () => {
    const old = await asIs()
    await migrateTo(old, '0006-repo-settings')
    // In the way of a later migration.
    await sql`create table statuses (id integer primary key)`.execute(old)
    await expect(openDatabase(database.address)).rejects.toMatchObject({ code: 'SP_STORE_MIGRATE' })
    expect((await doneMigrations(old)).at(-1)).toBe('0006-repo-settings')
    const tables = (await old.introspection.getTables()).map(({ name }) => name)
    expect(tables).not.toContain('delivery_log')
    await sql`drop table statuses`.execute(old)
    opened.push(await openDatabase(database.address))
    expect(await doneMigrations(old)).toEqual(NAMES)
  })

  it('is refused for a database of a newer version, which stays as it is', async () => {
    const db = await openDatabase(database.address)
    opened.push(db)
    await sql`insert into kysely_migration (name, timestamp) values ('9999-future', '2040-01-01T00:00:00.000Z')`.execute(
      db,
    )
    await expect(openDatabase(database.address)).rejects.toMatchObject({
      code: 'SP_STORE_MIGRATE',
      hint: expect.stringContaining('newer'),
    })
    expect((await doneMigrations(db)).at(-1)).toBe('9999-future')
  })

  it('goes on when the clock was set back between two versions', async () => {
    const old = await asIs()
    await migrateTo(old, '0006-repo-settings')
    await sql`update kysely_migration set timestamp = '2099-01-01T00:00:00.000Z' where name = '0001-base'`.execute(
      old,
    )
    opened.push(await openDatabase(database.address))
    expect(await doneMigrations(old)).toEqual(NAMES)
  })
})
