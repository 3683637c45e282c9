import { mkdir, readdir, rm } from 'node:fs/promises'
import path from 'node:path'
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

/** A lock on a file that ends with the process that holds it; the file stays. */
export interface FileLock {
  release(): Promise<void>
}

/** Takes the lock on a file, making it when needed; null when someone else holds it. */
export type TryLockFile = (file: string) => FileLock | null

/** A range of host ids that no other stage on the host has. */
export interface IdRange {
  readonly start: number
  readonly count: number
  release(): Promise<void>
}

export interface IdPoolOptions {
  readonly tryLockFile: TryLockFile
  readonly directory?: string
  /** Number of ranges; for tests. */
  readonly ranges?: number
}

/** Name of the file whose lock is held while others are made or removed; it is never removed. */
const GUARD = 'guard'
const GUARD_RETRY_MS = 5

/** Gives out host id ranges; every runner of the host uses the same directory of lock files. */
export class IdPool {
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
    const lock = await this.#guarded(() => this.#tryRanges())
    if (lock) return lock
    throw new SandpiperError('SP_RUNNER_NO_IDS', `all ${ranges} host id ranges are in use`, {
      hint: `End other runners of this host, or look into ${directory}.`,
    })
  }

  /** Removes the lock files that dead runners left. */
  async sweep(): Promise<void> {
    const { directory, tryLockFile } = this.#options
    await this.#guarded(async () => {
      for (const name of await readdir(directory)) {
        const file = path.join(directory, name)
        const lock = name === GUARD ? null : tryLockFile(file)
        if (lock) await removeLocked(file, lock)
      }
    })
  }

  #tryRanges(): Promise<IdRange | null> {
    const { directory, ranges, tryLockFile } = this.#options
    // A random start: the range that was just freed is not the next one to be used.
    const first = Math.floor(Math.random() * ranges)
    for (let step = 0; step < ranges; step++) {
      const index = (first + step) % ranges
      const file = path.join(directory, String(index))
      const lock = tryLockFile(file)
      if (lock) return Promise.resolve(this.#rangeOf(index, file, lock))
    }
    return Promise.resolve(null)
  }

  #rangeOf(index: number, file: string, lock: FileLock): IdRange {
    return {
      start: IDS_FIRST + index * IDS_PER_STAGE,
      count: IDS_PER_STAGE,
      release: () => this.#guarded(() => removeLocked(file, lock)),
    }
  }

  /**
   * A file may be removed only while nobody is between opening and locking it: else two could hold
   * "the" lock, one of them on a file without a name.
   */
  async #guarded<T>(work: () => Promise<T>): Promise<T> {
    const { directory, tryLockFile } = this.#options
    await mkdir(directory, { recursive: true, mode: 0o700 })
    const file = path.join(directory, GUARD)
    let guard = tryLockFile(file)
    for (; !guard; guard = tryLockFile(file)) {
      await new Promise((resolve) => setTimeout(resolve, GUARD_RETRY_MS))
    }
    try {
      return await work()
    } finally {
      await guard.release()
    }
  }
}

async function removeLocked(file: string, lock: FileLock): Promise<void> {
  await rm(file, { force: true })
  await lock.release()
}
