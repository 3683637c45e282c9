import { chmod, open, stat } from 'node:fs/promises'
import { hasCode } from '../error-code.js'

/**
 * Makes an SQLite file (mode 0600) when it is not there, and closes it and its companions to others when
 * they are open. SQLite itself makes files that all may read, and gives new companions the mode of the
 * database (https://www.sqlite.org/wal.html).
 */
export async function makePrivateSqliteFile(path: string): Promise<void> {
  await createEmpty(path)
  for (const each of [path, `${path}-wal`, `${path}-shm`]) await closeToOthers(each)
}

/** Never opens one that is there: to close it again would end this process's locks on it (fcntl(2)). */
async function createEmpty(path: string): Promise<void> {
  try {
    await (await open(path, 'wx', 0o600)).close()
  } catch (error) {
    if (!hasCode(error, 'EEXIST')) throw error
  }
}

async function closeToOthers(path: string): Promise<void> {
  try {
    if (((await stat(path)).mode & 0o077) !== 0) await chmod(path, 0o600)
  } catch (error) {
    if (!hasCode(error, 'ENOENT')) throw error
  }
}
