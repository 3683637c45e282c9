import { createReadStream, existsSync } from 'node:fs'
import { chmod, copyFile, mkdtemp, rename, rm } from 'node:fs/promises'
import { basename, join } from 'node:path'
import { createInterface } from 'node:readline'
import { sql } from 'kysely'
import { makeDataDirectory } from '../../protocol/data-dir.js'
import type { DatabaseAddress } from '../store/address.js'
import { lockDataDir } from '../store/data-lock.js'
import type { Db } from '../store/database.js'
import { connectAsIs } from '../store/database.js'
import { migrateTo, migrateToLatest, MIGRATIONS } from '../store/migrate.js'
import type { DumpedRow } from './dump.js'
import { finishTable, writeRows } from './dump.js'
import { backupInvalid, restoreNotEmpty } from './errors.js'
import type { Manifest } from './manifest.js'
import { LOG_DIRECTORIES, readManifest } from './manifest.js'
import { unpack } from './tar.js'

export interface RestoreOptions {
  /** An empty database of either kind. */
  readonly database: DatabaseAddress
  readonly dataDir: string
  readonly keyFile: string
  readonly file: string
}

/** Rows that are written together. */
const ROWS = 200

/**
 * Makes a server's data again from a backup, in a database of either kind, whichever it was. Nothing is overwritten,
 * and the tables are there all at once or not at all.
 * @throws SandpiperError SP_BACKUP_INVALID, SP_RESTORE_NOT_EMPTY, SP_SERVER_DATA_IN_USE, SP_STORE_UNAVAILABLE
 */
export async function restoreBackup(options: RestoreOptions): Promise<Manifest> {
  const { dataDir, file } = options
  if (!existsSync(file)) throw backupInvalid(`there is no ${file}`, 'Name the file of the backup.')
  await makeDataDirectory(dataDir)
  const lock = await lockDataDir(dataDir)
  const staging = await mkdtemp(join(dataDir, '.restore-'))
  try {
    refuseToOverwrite(options)
    await unpack(file, staging)
    const manifest = await readManifest(staging)
    if (manifest.migrations.some((name) => !Object.hasOwn(MIGRATIONS, name))) {
      throw backupInvalid('a newer version of Sandpiper made it')
    }
    await restoreDatabase(options, staging, manifest)
    await placeFiles(options, staging)
    return manifest
  } finally {
    await rm(staging, { recursive: true, force: true })
    await lock.release()
  }
}

function refuseToOverwrite({ database, dataDir, keyFile }: RestoreOptions): void {
  const files = [
    ...('path' in database ? [database.path] : []),
    keyFile,
    ...[...LOG_DIRECTORIES, 'admin-token'].map((name) => join(dataDir, name)),
  ]
  const found = files.find((path) => existsSync(path))
  if (found !== undefined) throw restoreNotEmpty(`${found} is there already`)
}

async function restoreDatabase(
  { database }: RestoreOptions,
  staging: string,
  manifest: Manifest,
): Promise<void> {
  if ('url' in database) return fill(database, staging, manifest)
  const made = join(staging, basename(database.path))
  await fill({ path: made }, staging, manifest)
  await rename(made, database.path)
}

async function fill(address: DatabaseAddress, staging: string, manifest: Manifest): Promise<void> {
  const db = await connectAsIs(address)
  try {
    const tables = (await db.introspection.getTables()).map(({ name }) => name)
    if (tables.length > 0)
      throw restoreNotEmpty(`the database has tables: ${tables.slice(0, 3).join(', ')}`)
    const last = [...manifest.migrations].sort().at(-1)
    if (last === undefined) throw backupInvalid('its database had no tables')
    await migrateTo(db, last)
    await db
      .transaction()
      .execute((tx) => writeTables(tx, staging, manifest))
      .catch(async (error: unknown) => {
        await dropTables(db)
        throw error
      })
    await migrateToLatest(db)
    if ('path' in address) await sql`pragma wal_checkpoint(truncate)`.execute(db)
  } finally {
    await db.destroy()
  }
}

/** So that it can be tried again; there was nothing before. */
async function dropTables(db: Db): Promise<void> {
  for (const { name } of await db.introspection.getTables({ withInternalKyselyTables: true })) {
    await sql`drop table if exists ${sql.table(name)} cascade`.execute(db).catch(() => undefined)
  }
}

async function writeTables(tx: Db, staging: string, { tables }: Manifest): Promise<void> {
  // What the migrations themselves wrote is in the backup too.
  for (const { name } of [...tables].reverse())
    await sql`delete from ${sql.table(name)}`.execute(tx)
  for (const { name, rows } of tables) {
    const written = await writeTable(tx, name, join(staging, 'database', `${name}.ndjson`))
    if (written !== rows)
      throw backupInvalid(`table ${name} has ${written} rows instead of ${rows}`)
    await finishTable(tx, name)
  }
}

async function writeTable(tx: Db, table: string, path: string): Promise<number> {
  let written = 0
  let batch: DumpedRow[] = []
  const flush = async (): Promise<void> => {
    await writeRows(tx, table, batch)
    written += batch.length
    batch = []
  }
  for await (const line of createInterface({
    input: createReadStream(path),
    crlfDelay: Infinity,
  })) {
    batch.push(JSON.parse(line) as DumpedRow)
    if (batch.length >= ROWS) await flush()
  }
  await flush()
  return written
}

async function placeFiles({ dataDir, keyFile }: RestoreOptions, staging: string): Promise<void> {
  const keys = { 'server.key': keyFile, 'admin-token': join(dataDir, 'admin-token') }
  for (const [name, target] of Object.entries(keys)) {
    const source = join(staging, 'keys', name)
    if (!existsSync(source)) continue
    await copyFile(source, target)
    await chmod(target, 0o600)
  }
  for (const name of LOG_DIRECTORIES) {
    if (existsSync(join(staging, name))) await rename(join(staging, name), join(dataDir, name))
  }
}
