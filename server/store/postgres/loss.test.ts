import { afterEach, beforeEach, expect, it } from '@jest/globals'
import { sql } from 'kysely'
import { AUTHORIZED, HttpFixture } from '../../http/testing/fixture.js'
import { addRepoTo } from '../../testing/plans.js'
import { POSTGRES_PROGRAMS } from '../../testing/postgres.js'
import { describePostgres, TestDatabase } from '../../testing/test-database.js'
import { until } from '../../testing/until.js'
import type { Db } from '../database.js'
import { openDatabase } from '../database.js'
import { findRepoById } from '../repos.js'
import { inTransaction } from '../transaction.js'

const AWAY = { code: 'SP_STORE_UNAVAILABLE' }

describePostgres('a connection to Postgres', () => {
  let database: TestDatabase
  let db: Db
  beforeEach(async () => {
    database = await TestDatabase.create()
    db = await database.open()
  })
  afterEach(() => database.remove())

  /** Ends every other connection to the database, as a restart of Postgres does. */
  async function cutOff(): Promise<void> {
    const other = await database.open()
    await sql`select pg_terminate_backend(pid) from pg_stat_activity
      where datname = current_database() and pid <> pg_backend_pid()`.execute(other)
  }

  it('that is cut off fails what is on it, and the next query has another', async () => {
    const id = await addRepoTo(db)
    const cut = inTransaction(db, async (tx) => {
      await tx.updateTable('repos').set({ link: 'half' }).where('id', '=', id).execute()
      await cutOff()
      await tx.updateTable('repos').set({ link: 'whole' }).where('id', '=', id).execute()
    })
    await expect(cut).rejects.toMatchObject(AWAY)
    const repo = await until(() => findRepoById(db, id).catch(() => null))
    expect(repo.link).toBe('')
  })

  it('that can not be made is an error for people, not one of ours', async () => {
    const url = 'postgres://nobody@127.0.0.1:1/nothing'
    await expect(openDatabase({ url })).rejects.toMatchObject(AWAY)
  })

  it('gives numbers, and takes the NULs that strangers send', async () => {
    const id = await addRepoTo(db, 'n\0')
    expect(await findRepoById(db, id)).toMatchObject({ id, name: 'n\uFFFD' })
    const sum = await db
      .selectFrom('repos')
      .select((eb) => eb.fn.sum<number>('timeout_ms').as('sum'))
      .executeTakeFirstOrThrow()
    expect(sum.sum).toBe(3_600_000)
    expect(await findRepoById(db, 999_999_999_999_999)).toBeNull()
  })

  it('that is gone is a 503 over HTTP', async () => {
    const fixture = await HttpFixture.open()
    try {
      expect(POSTGRES_PROGRAMS).not.toBeNull()
      const name = await sql<{ name: string }>`select current_database() as name`.execute(
        fixture.db,
      )
      // Nobody may connect any more, and whoever was is put out.
      await sql`alter database ${sql.ref(name.rows[0]!.name)} with allow_connections false`.execute(
        db,
      )
      await sql`select pg_terminate_backend(pid) from pg_stat_activity where datname = ${name.rows[0]!.name}`.execute(
        db,
      )
      const answer = await fixture.app.inject({ url: '/api/repos', headers: AUTHORIZED })
      expect([answer.statusCode, answer.headers['retry-after']]).toEqual([503, '5'])
      expect(answer.json()).toMatchObject({ code: 'SP_STORE_UNAVAILABLE', status: 503 })
      expect(answer.body).not.toContain('postgres')
      await sql`alter database ${sql.ref(name.rows[0]!.name)} with allow_connections true`.execute(
        db,
      )
      const back = await fixture.app.inject({ url: '/api/repos', headers: AUTHORIZED })
      expect(back.statusCode).toBe(200)
    } finally {
      await fixture.close()
    }
  })
})
