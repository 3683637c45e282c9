import { close } from 'node:fs'
import { unlink } from 'node:fs/promises'
import { promisify } from 'node:util'
import { loadAddon } from './addon.js'
import { fromAddon } from './error.js'

/** A lock file that is held. */
export interface FileLock {
  /** Gives the lock up; the file stays. */
  release(): Promise<void>
  /** Removes the file and gives the lock up. */
  remove(): Promise<void>
}

/**
 * Takes an exclusive lock on a file (flock(2)), making it with mode 0600 when it is not there. The lock
 * ends with `release()` or with the process, whichever comes first, so a dead holder leaves none.
 * @returns null when another holder has it.
 * @throws NativeError when the file can't be opened, e.g. `open on /x/lock: EACCES`.
 */
export function tryLockFile(path: string): FileLock | null {
  const fd = lock(path)
  if (fd < 0) return null
  const release = (): Promise<void> => promisify(close)(fd)
  return { release, remove: () => unlink(path).finally(release) }
}

function lock(path: string): number {
  try {
    return loadAddon().lockFile(path)
  } catch (error) {
    throw fromAddon(error)
  }
}
