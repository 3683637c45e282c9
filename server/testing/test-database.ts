import { describe } from '@jest/globals'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { DatabaseAddress } from '../store/address.js'
import type { Db } from '../store/database.js'
import { openDatabase } from '../store/database.js'
import { TestPostgres } from './postgres.js'

/**
 * The kind of store that tests get. The same test files run on both: as they are on SQLite, and once more on
 * Postgres by `npx jest --config test/postgres/jest.config.mjs [PATH]`, which lists them. So a test that needs a
 * database takes a `TestDatabase`, or a server with one (`TestServer`, `HttpFixture`), and names no kind.
 */
export const TEST_STORE = process.env.SANDPIPER_TEST_STORE === 'postgres' ? 'Postgres' : 'SQLite'

/** `describe` for what only one kind of store has. */
export const describeSqlite = TEST_STORE === 'SQLite' ? describe : describe.skip
export const describePostgres = TEST_STORE === 'Postgres' ? describe : describe.skip

/** A database with all tables and no rows, of the kind that this run is about. */
export class TestDatabase {
  readonly address: DatabaseAddress
  readonly #opened: Db[] = []
  readonly #remove: () => Promise<void>

  private constructor(address: DatabaseAddress, remove: () => Promise<void>) {
    this.address = address
    this.#remove = remove
  }

  static async create(): Promise<TestDatabase> {
    return TEST_STORE === 'SQLite' ? TestDatabase.sqlite() : TestDatabase.postgres()
  }

  static async sqlite(): Promise<TestDatabase> {
    const directory = await mkdtemp(join(tmpdir(), 'sandpiper-store-'))
    const remove = (): Promise<void> => rm(directory, { recursive: true })
    return new TestDatabase({ path: join(directory, 'db') }, remove)
  }

  /** Without any table. */
  static async empty(): Promise<TestDatabase> {
    return TEST_STORE === 'SQLite' ? TestDatabase.sqlite() : TestDatabase.postgres(null)
  }

  static async postgres(template?: null): Promise<TestDatabase> {
    const postgres = await TestPostgres.get()
    const address = await postgres.create(template)
    return new TestDatabase(address, () => postgres.drop(address))
  }

  /** Opens it, as a server does; any number of times. */
  async open(): Promise<Db> {
    const db = await openDatabase(this.address)
    this.#opened.push(db)
    return db
  }

  /** Closes what was opened, and removes it. */
  async remove(): Promise<void> {
    for (const db of this.#opened.splice(0)) await db.destroy()
    await this.#remove()
  }
}
