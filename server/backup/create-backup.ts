import { createHash } from 'node:crypto'
import { existsSync } from 'node:fs'
import { chmod, copyFile, link, mkdir, mkdtemp, open, rm, writeFile } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import { sql } from 'kysely'
import type { DatabaseAddress } from '../store/address.js'
import type { Db } from '../store/database.js'
import { connectAsIs } from '../store/database.js'
import { doneMigrations, MIGRATIONS } from '../store/migrate.js'
import { readTable, snapshot, tableNames } from './dump.js'
import { backupFailed } from './errors.js'
import type { Manifest } from './manifest.js'
import { LOG_DIRECTORIES, sha256Of } from './manifest.js'
import { pack } from './tar.js'

export interface BackupOptions {
  readonly database: DatabaseAddress
  readonly dataDir: string
  readonly keyFile: string
  /** The archive to be made; it must not be there. */
  readonly file: string
  /** Logs too, where they are on this disk. */
  readonly withLogs: boolean
  readonly version: string
}

/**
 * Makes one archive of everything that a server has: all tables as they are at one moment, the keys that open them,
 * the admin token, and logs. Servers go on meanwhile. It fits both engines: rows are text.
 * @throws SandpiperError SP_BACKUP_FAILED, SP_STORE_UNAVAILABLE
 */
export async function createBackup(options: BackupOptions): Promise<Manifest> {
  const { file, dataDir, withLogs } = options
  if (existsSync(file)) throw backupFailed(`${file} is there already`, 'Name another file.')
  // Beside the file, on the same disk. It has keys.
  const staging = await mkdtemp(join(dirname(file), `.${basename(file)}.`))
  try {
    const database = await dumpDatabase(options, staging)
    const sha256 = { ...database.sha256, ...(await copyKeys(options, staging)) }
    const manifest: Manifest = {
      ...{ format: 'sandpiper-backup', formatVersion: 1, madeBy: options.version },
      ...{ created: database.created, migrations: database.migrations, tables: database.tables },
      ...{ sha256, hasLogs: withLogs },
    }
    await writeFile(join(staging, 'manifest.json'), `${JSON.stringify(manifest, null, 2)}\n`)
    const logs = withLogs ? LOG_DIRECTORIES.filter((name) => existsSync(join(dataDir, name))) : []
    const archive = join(staging, 'archive.tar')
    await (await open(archive, 'wx', 0o600)).close()
    await pack(archive, [
      { directory: staging, names: ['manifest.json', 'database', 'keys'] },
      { directory: dataDir, names: logs },
    ])
    await publish(archive, file)
    return manifest
  } finally {
    await rm(staging, { recursive: true, force: true })
  }
}

/** Gives the archive its name once it is on the disk; never instead of another. */
async function publish(archive: string, file: string): Promise<void> {
  const handle = await open(archive, 'r')
  await handle.sync().finally(() => handle.close())
  await link(archive, file)
}

async function copyKeys(
  { dataDir, keyFile }: BackupOptions,
  staging: string,
): Promise<Record<string, string>> {
  const directory = join(staging, 'keys')
  await mkdir(directory, { mode: 0o700 })
  const sources = { 'server.key': keyFile, 'admin-token': join(dataDir, 'admin-token') }
  const sha256: Record<string, string> = {}
  for (const [name, source] of Object.entries(sources)) {
    if (!existsSync(source)) continue
    await copyFile(source, join(directory, name))
    await chmod(join(directory, name), 0o600)
    sha256[`keys/${name}`] = await sha256Of(join(directory, name))
  }
  return sha256
}

type Dumped = Pick<Manifest, 'created' | 'migrations' | 'tables' | 'sha256'>

async function dumpDatabase({ database }: BackupOptions, staging: string): Promise<Dumped> {
  await mkdir(join(staging, 'database'))
  if ('url' in database) return withDatabase(database, (db) => dumpTables(db, staging))
  if (!existsSync(database.path)) {
    throw backupFailed(
      `there is no database ${database.path}`,
      'Name the data directory with --data.',
    )
  }
  // A copy as of one moment, which keeps nobody from writing on (https://www.sqlite.org/lang_vacuum.html).
  const copy = join(staging, 'copy.db')
  await withDatabase(database, (db) => sql`vacuum into ${copy}`.execute(db))
  return withDatabase({ path: copy }, (db) => dumpTables(db, staging))
}

async function withDatabase<T>(address: DatabaseAddress, work: (db: Db) => Promise<T>): Promise<T> {
  const db = await connectAsIs(address)
  try {
    return await work(db)
  } finally {
    await db.destroy()
  }
}

async function dumpTables(db: Db, staging: string): Promise<Dumped> {
  return snapshot(db, async (tx) => {
    const created = Date.now()
    const migrations = await doneMigrations(tx)
    if (migrations.some((name) => !Object.hasOwn(MIGRATIONS, name))) {
      throw backupFailed('the database is of a newer version', 'Use the `sandpiper` of its server.')
    }
    const tables: { name: string; rows: number }[] = []
    const sha256: Record<string, string> = {}
    for (const name of await tableNames(tx)) {
      const path = `database/${name}.ndjson`
      const dumped = await dumpTable(tx, name, join(staging, path))
      tables.push({ name, rows: dumped.rows })
      sha256[path] = dumped.sha256
    }
    return { created, migrations, tables, sha256 }
  })
}

async function dumpTable(
  db: Db,
  table: string,
  path: string,
): Promise<{ readonly rows: number; readonly sha256: string }> {
  const file = await open(path, 'wx', 0o600)
  const hash = createHash('sha256')
  let rows = 0
  try {
    for await (const row of readTable(db, table)) {
      const line = `${JSON.stringify(row)}\n`
      hash.update(line)
      await file.write(line)
      rows += 1
    }
  } finally {
    await file.close()
  }
  return { rows, sha256: hash.digest('hex') }
}
