import { afterEach, beforeEach, describe, expect, it } from '@jest/globals'
import { chmod, mkdtemp, rm, stat } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { sql } from 'kysely'
import { openDatabase } from './database.js'
import { findRepo, insertRepo, nextBuildNumber } from './repos.js'

let directory: string
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'sandpiper-store-'))
})
afterEach(() => rm(directory, { recursive: true }))

const REPO = {
  owner: 'o',
  name: 'n',
  clone_url: 'https://example.org/o/n',
  allow_file_transport: 0,
  default_branch: 'main',
  link: '',
  private: 0,
  hook_secret: 'sealed',
  active: 1,
  counter: 0,
  timeout_ms: 3_600_000,
  created: 1_795_000_000_000,
  updated: 1_795_000_000_000,
}

describe('the database', () => {
  it('is closed to other users with its companions, also when it was open', async () => {
    const path = join(directory, 'db')
    const files = ['', '-wal', '-shm'].map((suffix) => `${path}${suffix}`)
    const modes = (): Promise<number[]> =>
      Promise.all(files.map(async (file) => (await stat(file)).mode & 0o777))
    const first = await openDatabase(path)
    expect(await modes()).toEqual([0o600, 0o600, 0o600])
    for (const file of files) await chmod(file, 0o644)
    const second = await openDatabase(path)
    expect(await modes()).toEqual([0o600, 0o600, 0o600])
    await second.destroy()
    await first.destroy()
  })

  it('keeps its rows when it is opened again, with times beyond 32 bits whole', async () => {
    const path = join(directory, 'db')
    const first = await openDatabase(path)
    await insertRepo(first, REPO)
    await first.destroy()
    const second = await openDatabase(path)
    expect(await findRepo(second, 'o', 'n')).toMatchObject({ created: 1_795_000_000_000 })
    await second.destroy()
  })

  it('answers null, and adds nothing, when a repo of that name exists', async () => {
    const db = await openDatabase(join(directory, 'db'))
    expect(await insertRepo(db, REPO)).not.toBeNull()
    expect(await insertRepo(db, REPO)).toBeNull()
    expect(await db.selectFrom('repos').selectAll().execute()).toHaveLength(1)
    await db.destroy()
  })

  it('commits durably, checks foreign keys and keeps a write-ahead log', async () => {
    const db = await openDatabase(join(directory, 'db'))
    const pragma = async (name: string): Promise<unknown> => {
      const { rows } = await sql<Record<string, unknown>>`PRAGMA ${sql.raw(name)}`.execute(db)
      return Object.values(rows[0]!)[0]
    }
    expect(await pragma('journal_mode')).toBe('wal')
    expect(await pragma('synchronous')).toBe(2)
    expect(await pragma('foreign_keys')).toBe(1)
    await db.destroy()
  })

  it('numbers builds without a gap or a double when many come at once', async () => {
    const db = await openDatabase(join(directory, 'db'))
    const repo = await insertRepo(db, REPO)
    const numbers = await Promise.all(
      Array.from({ length: 50 }, () =>
        db.transaction().execute((tx) => nextBuildNumber(tx, repo!.id, 1)),
      ),
    )
    expect([...numbers].sort((a, b) => a! - b!)).toEqual(
      Array.from({ length: 50 }, (_, i) => i + 1),
    )
    await db.destroy()
  })

  it('refuses a database of a newer version and says so', async () => {
    const path = join(directory, 'db')
    const db = await openDatabase(path)
    await sql`insert into kysely_migration values ('9999-future', 'x')`.execute(db)
    await db.destroy()
    await expect(openDatabase(path)).rejects.toMatchObject({ code: 'SP_STORE_MIGRATE' })
  })

  it('rolls a transaction back as a whole', async () => {
    const db = await openDatabase(join(directory, 'db'))
    const failing = db.transaction().execute(async (tx) => {
      await insertRepo(tx, REPO)
      throw new Error('on purpose')
    })
    await expect(failing).rejects.toThrow('on purpose')
    expect(await findRepo(db, 'o', 'n')).toBeNull()
    await db.destroy()
  })
})
