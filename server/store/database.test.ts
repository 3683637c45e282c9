import { afterEach, beforeEach, describe, expect, it } from '@jest/globals'
import { chmod, mkdtemp, rm, stat } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Kysely, Migrator, sql, SqliteDialect } from 'kysely'
import { stageQueue } from '../../protocol/keys.js'
import { findBuildById } from './builds.js'
import { openDatabase } from './database.js'
import { base } from './migrations/0001-base.js'
import type { Database } from './schema.js'
import { openSqlite } from './sqlite.js'
import { findStageById } from './stages.js'
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
    const first = await openDatabase({ path })
    expect(await modes()).toEqual([0o600, 0o600, 0o600])
    for (const file of files) await chmod(file, 0o644)
    const second = await openDatabase({ path })
    expect(await modes()).toEqual([0o600, 0o600, 0o600])
    await second.destroy()
    await first.destroy()
  })

  it('keeps its rows when it is opened again, with times beyond 32 bits whole', async () => {
    const path = join(directory, 'db')
    const first = await openDatabase({ path })
    await insertRepo(first, REPO)
    await first.destroy()
    const second = await openDatabase({ path })
    expect(await findRepo(second, 'o', 'n')).toMatchObject({ created: 1_795_000_000_000 })
    await second.destroy()
  })

  it('answers null, and adds nothing, when a repo of that name exists', async () => {
    const db = await openDatabase({ path: join(directory, 'db') })
    expect(await insertRepo(db, REPO)).not.toBeNull()
    expect(await insertRepo(db, REPO)).toBeNull()
    expect(await db.selectFrom('repos').selectAll().execute()).toHaveLength(1)
    await db.destroy()
  })

  it('commits durably, checks foreign keys and keeps a write-ahead log', async () => {
    const db = await openDatabase({ path: join(directory, 'db') })
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
    const db = await openDatabase({ path: join(directory, 'db') })
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

  it('keeps what an older Sandpiper wrote, and fills in what is new', async () => {
    const path = join(directory, 'db')
    const old = new Kysely<Database>({ dialect: new SqliteDialect({ database: openSqlite(path) }) })
    const provider = { getMigrations: () => Promise.resolve({ '0001-base': base }) }
    expect((await new Migrator({ db: old, provider }).migrateToLatest()).error).toBeUndefined()
    await sql`insert into repos values
      (1, 'o', 'n', '/git', 0, 'main', '', 0, 'sealed', 1, 1, 3600000, 1, 1)`.execute(old)
    await sql`insert into builds values
      (1, 1, 1, 0, 'running', '', '{}', 'push', 'refs/heads/main', 'main', 'abc', 1, 2, 0, 2, '{}'),
      (2, 1, 2, 1, 'running', '', '{"sourceRepo":"x/n"}', 'pull_request', 'refs/pull/7/head', 'main',
       'abc', 1, 2, 0, 2, '{}'),
      (3, 1, 3, 2, 'running', '', '{}', 'push', 'refs/heads/main', 'main', 'abc', 1, 2, 0, 2, '{}')
      `.execute(old)
    await sql`insert into stages values
      (1, 1, 1, 1, 'only', 'pipeline', 'exec', 'linux', 'arm64', 'running', '', 0, 2, 's', 'm', 9,
       1, '[]', 1, 0, '{"name":"only"}', 1, 2, 3, 0, 3),
      (2, 2, 1, 1, 'only', 'pipeline', 'exec', 'linux', 'arm64', 'running', '', 0, 2, 's', 'm', 9,
       0, '[]', 1, 0, '{"name":"only"}', 1, 2, 3, 0, 3)`.execute(old)
    await old.destroy()
    const db = await openDatabase({ path })
    expect(await findBuildById(db, 1)).toMatchObject({ status: 'running', warnings_json: '[]' })
    expect(await findStageById(db, 1)).toMatchObject({
      name: 'only',
      attempt: 2,
      plan_json: '{"name":"only"}',
      queue: stageQueue({ os: 'linux', arch: 'arm64' }),
      labels_json: '{}',
      concurrency_group: '',
      ...{ concurrency_domain: '', build_origin: 1 },
      concurrency_limit: 0,
      cancel_reason: 'the build was cancelled',
    })
    const domain = 'pr:refs/pull/7/head:x/n'
    expect(await findStageById(db, 2)).toMatchObject({
      ...{ concurrency_domain: domain, build_origin: 1 },
    })
    expect((await findBuildById(db, 3))?.origin).toBe(1)
    await db.destroy()
  })

  it('refuses a database of a newer version and says so', async () => {
    const path = join(directory, 'db')
    const db = await openDatabase({ path })
    await sql`insert into kysely_migration values ('9999-future', 'x')`.execute(db)
    await db.destroy()
    await expect(openDatabase({ path })).rejects.toMatchObject({ code: 'SP_STORE_MIGRATE' })
  })

  it('rolls a transaction back as a whole', async () => {
    const db = await openDatabase({ path: join(directory, 'db') })
    const failing = db.transaction().execute(async (tx) => {
      await insertRepo(tx, REPO)
      throw new Error('on purpose')
    })
    await expect(failing).rejects.toThrow('on purpose')
    expect(await findRepo(db, 'o', 'n')).toBeNull()
    await db.destroy()
  })
})
