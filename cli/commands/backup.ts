import { resolve, join } from 'node:path'
import type { Command } from 'commander'
import { addCommand, type CommandContext, type Finish } from '../command.js'
import { dataDirOf } from '../data-dir.js'
import { printJson, printLine, type CliIo } from '../io.js'
import { databaseOf } from '../run/serve.js'
import { VERSION } from '../version.js'
import type { DatabaseAddress } from '../../server/store/address.js'

/** `sandpiper backup` and `sandpiper restore` */
export function addBackupCommands(program: Command, io: CliIo, finish: Finish): void {
  addCommand(program, io, finish, {
    syntax: 'backup <file>',
    summary: 'write one archive of all that a server has, while it runs: database, keys, logs',
    scope: 'backup',
    options: [['--no-logs', 'without the logs of builds']],
    examples: ['sandpiper backup /srv/backup/monday.tar'],
    run: backup,
  })
  addCommand(program, io, finish, {
    syntax: 'restore <file>',
    summary:
      "make a server's data again from a backup, in SQLite or in Postgres; overwrites nothing",
    scope: 'backup',
    examples: [
      'sandpiper restore monday.tar --data /var/lib/sandpiper',
      'SANDPIPER_DATABASE_URL=postgres://ci@db.example.org/ci sandpiper restore monday.tar',
    ],
    run: restore,
  })
}

async function backup(context: CommandContext): Promise<undefined> {
  const { createBackup } = await import('../../server/backup/create-backup.js')
  const withLogs = context.has('logs')
  const place = placeOf(context)
  const manifest = await createBackup({ ...place, withLogs, version: VERSION })
  tell(context, place.file, manifest.tables, 'written')
}

async function restore(context: CommandContext): Promise<undefined> {
  const { restoreBackup } = await import('../../server/backup/restore-backup.js')
  const place = placeOf(context)
  const manifest = await restoreBackup(place)
  tell(context, place.file, manifest.tables, 'restored')
}

interface Place {
  readonly database: DatabaseAddress
  readonly dataDir: string
  readonly keyFile: string
  readonly file: string
}

function placeOf({ io, settings, args }: CommandContext): Place {
  const dataDir = dataDirOf(io, settings)
  return {
    database: databaseOf(settings).database ?? { path: join(dataDir, 'sandpiper.db') },
    dataDir,
    keyFile: settings.secretKeyFile ?? join(dataDir, 'server.key'),
    file: resolve(io.cwd, args[0] ?? ''),
  }
}

function tell(
  { io, json }: CommandContext,
  file: string,
  tables: readonly { readonly name: string; readonly rows: number }[],
  verb: string,
): void {
  const rows = tables.reduce((sum, table) => sum + table.rows, 0)
  if (json) printJson(io, { file, tables, rows })
  else printLine(io, `${file}: ${rows} rows of ${tables.length} tables ${verb}`)
}
