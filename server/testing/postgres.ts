import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, readdirSync } from 'node:fs'
import { chown, mkdir, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Client } from 'pg'
import { openDatabase } from '../store/database.js'
import type { PostgresAddress } from '../store/address.js'
import { until } from './until.js'

const DEBIAN = '/usr/lib/postgresql'
const NOBODY = 65_534
const TEMPLATE = 'template_sandpiper'
const USER = 'sandpiper'

/** Directory of the newest Postgres programs that Debian has here, or null. */
export const POSTGRES_PROGRAMS = findPrograms()

function findPrograms(): string | null {
  const versions = existsSync(DEBIAN)
    ? readdirSync(DEBIAN)
        .map(Number)
        .sort((a, b) => b - a)
    : []
  const directories = versions.map((version) => join(DEBIAN, String(version), 'bin'))
  return directories.find((directory) => existsSync(join(directory, 'initdb'))) ?? null
}

/**
 * A Postgres for tests, on a unix socket below the temporary directory, without any care for power cuts. One for each
 * process: the first test file of a worker starts it, and it goes, with all that it has, when the worker ends,
 * however it ends.
 */
export class TestPostgres {
  readonly #directory: string
  #made = 0

  private constructor(directory: string) {
    this.#directory = directory
  }

  /** The one of this process. */
  static async get(): Promise<TestPostgres> {
    const directory = join(tmpdir(), `sandpiper-postgres-${process.pid}`)
    const postgres = new TestPostgres(directory)
    if (!isReady(directory)) {
      await rm(directory, { recursive: true, force: true })
      await start(directory)
      await openDatabase(await postgres.create(null, TEMPLATE)).then((db) => db.destroy())
      await writeFile(join(directory, 'ready'), '')
    }
    return postgres
  }

  /** Makes a database: with all tables, or as a copy of the template that is named, or empty. */
  async create(
    template: string | null = TEMPLATE,
    name = this.#nextName(),
  ): Promise<PostgresAddress> {
    await this.#admin(`create database ${name} template ${template ?? 'template0'}`)
    return { url: this.#url(name), connectionsMax: 5 }
  }

  /** Removes a database, whoever is connected. */
  async drop({ url }: PostgresAddress): Promise<void> {
    await this.#admin(`drop database if exists ${new URL(url).pathname.slice(1)} with (force)`)
  }

  #nextName(): string {
    this.#made += 1
    return `test_${Date.now().toString(36)}_${this.#made}`
  }

  #url(name: string): string {
    return `postgres:///${name}?user=${USER}&host=${encodeURIComponent(this.#directory)}`
  }

  async #admin(statement: string): Promise<void> {
    const client = new Client({ connectionString: this.#url('postgres') })
    await client.connect()
    try {
      await client.query(statement)
    } finally {
      await client.end()
    }
  }
}

function isReady(directory: string): boolean {
  return existsSync(join(directory, 'ready')) && existsSync(join(directory, '.s.PGSQL.5432'))
}

/** Runs it below a shell that waits for this process's end of a pipe to close, then takes it all away. */
async function start(directory: string): Promise<void> {
  await mkdir(directory, { mode: 0o700 })
  const isRoot = process.getuid?.() === 0
  if (isRoot) await chown(directory, NOBODY, NOBODY)
  const child = spawn('sh', ['-c', SUPERVISOR], {
    detached: true,
    stdio: ['pipe', 'ignore', 'pipe'],
    env: {
      PATH: `${POSTGRES_PROGRAMS ?? ''}:/usr/local/bin:/usr/bin:/bin`,
      LC_ALL: 'C.UTF-8',
      DIRECTORY: directory,
      AS: isRoot ? `setpriv --reuid ${NOBODY} --regid ${NOBODY} --clear-groups` : '',
    },
  })
  let output = ''
  child.stderr.on('data', (chunk: Buffer) => (output = (output + String(chunk)).slice(-4_000)))
  const ended = once(child, 'exit').then(() => {
    throw new Error(`Postgres for tests did not start: ${output}`)
  })
  const up = until(async () => (await answers(directory)) || null)
  await Promise.race([up, ended])
  ended.catch(() => undefined)
  child.unref()
  for (const stream of [child.stdin, child.stderr]) (stream as unknown as { unref(): void }).unref()
}

async function answers(directory: string): Promise<boolean> {
  if (!(await stat(join(directory, '.s.PGSQL.5432')).catch(() => null))) return false
  const client = new Client({ user: USER, host: directory, database: 'postgres' })
  try {
    await client.connect()
    return true
  } catch {
    return false
  } finally {
    await client.end().catch(() => undefined)
  }
}

const SUPERVISOR = `
$AS initdb --no-sync --auth=trust --username=${USER} --encoding=UTF8 -D "$DIRECTORY/data" >/dev/null || exit 1
$AS setpriv --pdeathsig KILL postgres -D "$DIRECTORY/data" -k "$DIRECTORY" -c listen_addresses= \
  -c fsync=off -c full_page_writes=off -c synchronous_commit=off -c max_connections=200 \
  -c shared_buffers=64MB -c autovacuum=off -c logging_collector=off -c log_min_messages=fatal &
postgres=$!
cat >/dev/null
kill -QUIT $postgres
wait $postgres
rm -rf "$DIRECTORY"
`
