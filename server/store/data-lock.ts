import { readFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { dataDirInUse } from '../errors.js'
import { hasCode } from '../error-code.js'
import { makePrivateSqliteFile } from './private-file.js'
import { tryLockFile } from './sqlite.js'

/** The hold of one server process on its data directory. */
export interface DataLock {
  /** Lets the next server have it. */
  release(): Promise<void>
}

/**
 * Takes the data directory for this process. The kernel gives it back when the process dies, however
 * it dies: the lock is SQLite's own on an empty file, and the process id beside it is only for people.
 * @throws SandpiperError SP_SERVER_DATA_IN_USE, naming the process that has it
 */
export async function lockDataDir(dataDir: string): Promise<DataLock> {
  const pidFile = join(dataDir, 'server.pid')
  const lockFile = join(dataDir, 'server.lock')
  // Whoever may read a file may also hold a lock on it.
  await makePrivateSqliteFile(lockFile)
  const release = tryLockFile(lockFile)
  if (!release) throw dataDirInUse(dataDir, await pidIn(pidFile))
  await writeFile(pidFile, `${String(process.pid)}\n`, { mode: 0o600 })
  return {
    release: async () => {
      await rm(pidFile, { force: true })
      release()
    },
  }
}

async function pidIn(pidFile: string): Promise<string> {
  try {
    return (await readFile(pidFile, 'utf8')).trim()
  } catch (error) {
    if (hasCode(error, 'ENOENT')) return 'unknown'
    throw error
  }
}
