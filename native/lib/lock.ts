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
  const fd = lock(() => loadAddon().lockFile(path))
  return fd < 0
    ? null
    : { release: () => release(fd), remove: () => unlink(path).finally(() => release(fd)) }
}

/** A directory that is locked. */
export type DirectoryLock = Pick<FileLock, 'release'>

/**
 * Takes an exclusive lock on a directory, as tryLockFile does on a file.
 * @throws NativeError when it can't be opened, e.g. with the code `ENOENT`
 */
export function tryLockDirectory(path: string): DirectoryLock | null {
  const fd = lock(() => loadAddon().lockDirectory(path))
  return fd < 0 ? null : { release: () => release(fd) }
}

const release = (fd: number): Promise<void> => promisify(close)(fd)

function lock(call: () => number): number {
  try {
    return call()
  } catch (error) {
    throw fromAddon(error)
  }
}
