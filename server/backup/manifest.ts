import { createHash } from 'node:crypto'
import { createReadStream } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { pipeline } from 'node:stream/promises'
import { backupInvalid } from './errors.js'

/** First file of a backup: what is in it. */
export interface Manifest {
  readonly format: 'sandpiper-backup'
  readonly formatVersion: 1
  /** Version of Sandpiper that made it. */
  readonly madeBy: string
  /** Unix milliseconds: the moment that all tables are of. */
  readonly created: number
  /** Names of the migrations that the tables have had. */
  readonly migrations: readonly string[]
  /** In the order in which rows can be written. */
  readonly tables: readonly { readonly name: string; readonly rows: number }[]
  /** SHA-256 (hex) of the files in it by their path, but for logs, which grow while they are copied. */
  readonly sha256: Readonly<Record<string, string>>
  readonly hasLogs: boolean
}

/** Directories of a data directory that have logs. */
export const LOG_DIRECTORIES = ['logs', 'blobs'] as const

/**
 * Reads the manifest of an unpacked backup and checks that everything in it is whole.
 * @throws SandpiperError SP_BACKUP_INVALID
 */
export async function readManifest(directory: string): Promise<Manifest> {
  const text = await readFile(join(directory, 'manifest.json'), 'utf8').catch(() => '')
  const manifest = parse(text)
  for (const [path, expected] of Object.entries(manifest.sha256)) {
    const found = await sha256Of(join(directory, path)).catch(() => '')
    if (found !== expected) throw backupInvalid(`${path} is damaged or missing`)
  }
  return manifest
}

function parse(text: string): Manifest {
  try {
    const manifest = JSON.parse(text) as Record<keyof Manifest, unknown>
    const isOurs = manifest.format === 'sandpiper-backup' && manifest.formatVersion === 1
    if (isOurs) return manifest as unknown as Manifest
  } catch {
    // Told below.
  }
  throw backupInvalid('it has no manifest of ours')
}

/** SHA-256 of a file, hex. */
export async function sha256Of(path: string): Promise<string> {
  const hash = createHash('sha256')
  await pipeline(createReadStream(path), hash)
  return hash.digest('hex')
}
