import { mkdir, readdir, rmdir } from 'node:fs/promises'
import path from 'node:path'
import { isInHostUserNamespace, namespaceStageIds } from '../native/lib/user-namespace.js'
import { SandpiperError } from '../protocol/errors.js'

/**
 * First host id that stages may get. systemd's UIDS-GIDS page lists 1879048192..2147483647
 * (0x70000000..0x7FFFFFFF) as unused.
 */
export const IDS_FIRST = 0x70000000
/** Ids of one stage: as many as an ordinary system has (0..65535). */
export const IDS_PER_STAGE = 65_536
/** Ranges there are; the last one ends below 2^31. */
export const ID_RANGES = 4000

/** Where the lock files are: the same place for every runner of the host. */
export const IDS_DIRECTORY = '/run/sandpiper/ids'

/** A lock on a file that ends with the process that holds it. */
export interface FileLock {
  /** Gives the lock up; the file stays. */
  release(): Promise<void>
  /** Removes the file and gives the lock up. */
  remove(): Promise<void>
}

/** Takes the lock on a file, making it when needed; null when someone else holds it. */
export type TryLockFile = (file: string) => FileLock | null

/** A range of host ids that no other stage on the host has. */
export interface IdRange {
  readonly start: number
  readonly count: number
  release(): Promise<void>
}

/** Where stages get their ids from. */
export interface IdSource {
  acquire(): Promise<IdRange>
  /** Removes what dead runners left. */
  sweep(): Promise<void>
  /**
   * The id that files have on disk which are root's in a stage. 0 where every stage has ids of its own:
   * the mounts of each then map what is on disk to them.
   */
  readonly rootOnDisk: number
}

/** The ids that this process can give to stages, be it root of the host or of a user namespace. */
export function openIds(options: IdPoolOptions): IdSource {
  return isInHostUserNamespace() ? new IdPool(options) : sharedIds()
}

/** @throws SandpiperError SP_RUNNER_NO_IDS */
function sharedIds(): IdSource {
  const ids = namespaceStageIds()
  if (ids === null) {
    throw new SandpiperError('SP_RUNNER_NO_IDS', 'this user namespace has no ids but its root’s', {
      hint: '`sandpiper doctor` tells how a user gets subordinate ids',
    })
  }
  const { start, count } = ids
  const nothing = (): Promise<void> => Promise.resolve()
  const range = { start, count, release: nothing }
  return { acquire: () => Promise.resolve(range), sweep: nothing, rootOnDisk: start }
}

export interface IdPoolOptions {
  readonly tryLockFile: TryLockFile
  readonly directory?: string
  /** Number of ranges; for tests. */
  readonly ranges?: number
}

/** Gives out host id ranges; every runner of the host uses the same directory of lock files. */
export class IdPool implements IdSource {
  readonly rootOnDisk = 0
  readonly #options: Required<IdPoolOptions>

  constructor(options: IdPoolOptions) {
    this.#options = { directory: IDS_DIRECTORY, ranges: ID_RANGES, ...options }
  }

  /**
   * Takes a free range.
   * @throws SandpiperError SP_RUNNER_NO_IDS when all of them are taken.
   */
  async acquire(): Promise<IdRange> {
    const { directory, ranges } = this.#options
    // A random start: the range that was just freed is not the next one to be used.
    const first = Math.floor(Math.random() * ranges)
    for (let step = 0; step < ranges; step++) {
      const index = (first + step) % ranges
      const lock = await this.#tryLock(String(index))
      if (lock) return this.#rangeOf(index, lock)
    }
    throw new SandpiperError('SP_RUNNER_NO_IDS', `all ${ranges} host id ranges are in use`, {
      hint: `End other runners of this host, or look into ${directory}.`,
    })
  }

  /** Removes the lock files that dead runners left. */
  async sweep(): Promise<void> {
    const { directory, tryLockFile } = this.#options
    for (const name of await readdir(directory).catch(() => [])) {
      await tryLockFile(path.join(directory, name))?.remove()
    }
    await this.#removeDirectory()
  }

  /** The directory goes with its last file, so it may go between making it and using it. */
  async #tryLock(name: string): Promise<FileLock | null> {
    const { directory, tryLockFile } = this.#options
    for (;;) {
      await mkdir(directory, { recursive: true, mode: 0o700 })
      try {
        return tryLockFile(path.join(directory, name))
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error
      }
    }
  }

  #rangeOf(index: number, lock: FileLock): IdRange {
    return {
      start: IDS_FIRST + index * IDS_PER_STAGE,
      count: IDS_PER_STAGE,
      release: async () => {
        await lock.remove()
        await this.#removeDirectory()
      },
    }
  }

  /** Fails quietly while another range of the host is in use. */
  async #removeDirectory(): Promise<void> {
    const { directory } = this.#options
    await rmdir(directory)
      .then(() => rmdir(path.dirname(directory)))
      .catch(() => undefined)
  }
}
