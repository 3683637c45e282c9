import { afterEach, beforeEach, describe, expect, it } from '@jest/globals'
import { execFile } from 'node:child_process'
import { mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import type { DatabaseAddress } from '../store/address.js'
import type { Repo } from '../services.js'
import { POSTGRES_PROGRAMS, TestPostgres } from '../testing/postgres.js'
import { SIMPLE, TestServer } from '../testing/test-server.js'
import { createBackup } from './create-backup.js'
import { restoreBackup } from './restore-backup.js'

const run = promisify(execFile)
let directory: string
let test: TestServer
let repo: Repo
const cleanups: (() => Promise<void>)[] = []
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'sandpiper-backup-'))
  test = await TestServer.start()
  repo = await test.addRepo()
})
afterEach(async () => {
  await test.stop()
  for (const cleanup of cleanups.splice(0)) await cleanup()
  await rm(directory, { recursive: true })
})

/** A build whose step has printed something. */
async function build(): Promise<number> {
  const commit = await test.git.commit({ '.pipeline.yml': SIMPLE })
  const runner = test.runner()
  runner.work()
  const { build } = await test.push(repo, commit)
  await test.ended(repo, build!.number)
  return build!.number
}

function source() {
  const database = test.database ?? { path: join(test.dataDir, 'sandpiper.db') }
  return { database, dataDir: test.dataDir, keyFile: join(test.dataDir, 'server.key') }
}

async function backup(name = 'backup.tar'): Promise<string> {
  const file = join(directory, name)
  await createBackup({ ...source(), file, withLogs: true, version: '1' })
  return file
}

/** Where a backup may go: an empty place of the given kind. */
async function target(kind: 'SQLite' | 'Postgres') {
  const dataDir = join(directory, `restored-${kind}`)
  let database: DatabaseAddress = { path: join(dataDir, 'sandpiper.db') }
  if (kind === 'Postgres') {
    const postgres = await TestPostgres.get()
    const address = await postgres.create(null)
    cleanups.push(() => postgres.drop(address))
    database = address
  }
  return { dataDir, database, keyFile: join(dataDir, 'server.key') }
}

const KINDS = POSTGRES_PROGRAMS === null ? (['SQLite'] as const) : (['SQLite', 'Postgres'] as const)

describe('a backup', () => {
  it.each(KINDS)(
    'restores a whole server in %s, and what was made meanwhile is left out',
    async (kind) => {
      const number = await build()
      const making = backup()
      // It goes on while the backup is made.
      await test.push(repo, 'ab'.repeat(20))
      const file = await making
      expect((await stat(file)).mode & 0o777).toBe(0o600)
      const place = await target(kind)
      await restoreBackup({ ...place, file })
      await test.restart({ dataDir: place.dataDir, database: place.database })
      const { services, adminToken } = test.server
      expect(adminToken).toBe((await readFile(join(place.dataDir, 'admin-token'), 'utf8')).trim())
      const restored = (await services.repos.find('o', 'n'))!
      // Sealed with the key that is in the backup.
      expect(await services.repos.hookSecrets('o/n')).toHaveLength(1)
      const detail = await services.builds.find(restored, number)
      expect(detail).toMatchObject({
        build: { status: 'success' },
        stages: [{ steps: [{ status: 'success' }, { status: 'success' }] }],
      })
      // Ids go on behind those that came.
      const { build: next } = await test.push(restored, 'cd'.repeat(20))
      expect(next!.number).toBeGreaterThan(number)
      const log = await test.logText(detail!.stages[0]!.stage.id, 1, 1)
      // Logs that grow in the database come with it, those on disk stay files, which only SQLite's server reads.
      if (kind === 'SQLite' && test.database === undefined) expect(log).toContain('step 1')
    },
  )

  it('is never written over, and overwrites nothing', async () => {
    const file = await backup()
    await expect(backup()).rejects.toMatchObject({ code: 'SP_BACKUP_FAILED' })
    const place = await target('SQLite')
    await restoreBackup({ ...place, file })
    const again = restoreBackup({ ...place, file })
    await expect(again).rejects.toMatchObject({ code: 'SP_RESTORE_NOT_EMPTY' })
  })

  it('that is damaged is not restored', async () => {
    const file = await backup()
    const opened = join(directory, 'opened')
    await run('mkdir', [opened])
    await run('tar', ['-xf', file, '-C', opened])
    await writeFile(join(opened, 'database/repos.ndjson'), '{}\n')
    await run('tar', ['-cf', file, '-C', opened, '.'])
    const place = await target('SQLite')
    const restoring = restoreBackup({ ...place, file })
    await expect(restoring).rejects.toMatchObject({ code: 'SP_BACKUP_INVALID' })
    await expect(stat(join(place.dataDir, 'server.key'))).rejects.toMatchObject({ code: 'ENOENT' })
  })

  it('that is not there is said to be, and nothing is made', async () => {
    const place = await target('SQLite')
    const file = join(directory, 'none.tar')
    await expect(restoreBackup({ ...place, file })).rejects.toMatchObject({
      code: 'SP_BACKUP_INVALID',
      message: `read the backup: there is no ${file}`,
    })
    await expect(stat(join(place.dataDir, 'server.lock'))).rejects.toMatchObject({ code: 'ENOENT' })
    await writeFile(file, 'no archive')
    await expect(restoreBackup({ ...place, file })).rejects.toMatchObject({
      message: expect.stringMatching(/^read the backup: \/.*none\.tar: tar: [^\n]*$/),
    })
  })

  it('leaves nothing beside itself', async () => {
    await backup()
    const { stdout } = await run('ls', ['-A', directory])
    expect(stdout.trim()).toBe('backup.tar')
  })
})
