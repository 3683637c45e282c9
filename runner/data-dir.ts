import { randomBytes } from 'node:crypto'
import { readFile, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { makePrivateDirectory } from '../protocol/data-dir.js'
import { SandpiperError } from '../protocol/errors.js'
import type { HostConfig } from './config.js'
import type { FileLock, TryLockFile } from './ids.js'

/** Where a runner keeps what. */
export interface DataDir {
  /** Stable name of the runner: made once per data directory. */
  readonly runnerId: string
  readonly spool: string
  readonly stages: string
  readonly trash: string
  /** Empty file systems, and the nameless copies of them that are writable layers. */
  readonly patterns: string
  readonly hostRoot: string
  readonly layers: string
  readonly mirrors: string
  readonly lock: FileLock
}

/**
 * Makes the directories and takes the lock that keeps a second runner out.
 * @throws SandpiperError SP_RUNNER_DATA_IN_USE, SP_DATA_DIR
 */
export async function openDataDir(config: HostConfig, tryLockFile: TryLockFile): Promise<DataDir> {
  const own = path.join(config.dataDir, 'runner')
  await makePrivateDirectory(own)
  const lock = tryLockFile(path.join(own, 'lock'))
  if (!lock) throw inUse(config.dataDir)
  const directories = {
    spool: path.join(own, 'spool'),
    stages: path.join(own, 'stages'),
    trash: path.join(own, 'trash'),
    patterns: path.join(own, 'patterns'),
    hostRoot: path.join(own, 'host-root'),
    layers: config.layersDir ?? path.join(config.dataDir, 'layers'),
    mirrors: path.join(config.dataDir, 'mirrors'),
  }
  for (const directory of Object.values(directories)) {
    await makePrivateDirectory(directory)
  }
  return { ...directories, lock, runnerId: await readRunnerId(path.join(own, 'id')) }
}

async function readRunnerId(file: string): Promise<string> {
  const id = await readFile(file, 'utf8').catch(() => '')
  if (/^r-[0-9a-f]{12}$/.test(id)) return id
  const made = `r-${randomBytes(6).toString('hex')}`
  await writeFile(file, made, { mode: 0o600 })
  return made
}

function inUse(dataDir: string): SandpiperError {
  return new SandpiperError('SP_RUNNER_DATA_IN_USE', `another runner uses ${dataDir}`, {
    hint: 'Stop it first, or give this one a data directory of its own.',
  })
}
