import { join } from 'node:path'
import { readdir } from 'node:fs/promises'
import { type DirectoryLock, tryLockDirectory } from '../lock.js'
import { type CgroupLayout, readCgroupLayout } from './layout.js'
import { makeCgroupParent } from './parent.js'
import { removeEmptyCgroup } from './remove.js'

/** A parent of sandboxes' cgroups that is ours: nobody takes it for that of a dead runner. */
export interface ClaimedParent {
  /** Lets others remove it. */
  release(): Promise<void>
}

/**
 * Makes `parent` in every hierarchy, as makeCgroupParent does, and holds a lock on each directory until it
 * is released or this process ends, however it does.
 * @throws what makeCgroupParent does
 */
export async function claimCgroupParent(
  layout: CgroupLayout,
  parent: string,
): Promise<ClaimedParent> {
  await makeCgroupParent(layout, parent)
  const locks: DirectoryLock[] = []
  for (const { mountPoint } of layout.hierarchies) {
    locks.push(...(await lockMade(layout, parent, join(mountPoint, parent))))
  }
  return {
    release: async () => {
      for (const lock of locks) await lock.release()
    },
  }
}

/** Who takes it for a dead one's may remove it between its making and its lock. */
async function lockMade(
  layout: CgroupLayout,
  parent: string,
  directory: string,
): Promise<readonly DirectoryLock[]> {
  for (;;) {
    try {
      const lock = tryLockDirectory(directory)
      // Another launcher of this process has the same parent.
      return lock === null ? [] : [lock]
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error
      await makeCgroupParent(layout, parent)
    }
  }
}

/**
 * Removes the cgroups in `directory` of every hierarchy that nobody has claimed and no process is in: what
 * launchers left that were killed. Fails quietly: it is another one's.
 */
export async function sweepDeadCgroups(directory: string): Promise<void> {
  const { hierarchies } = await readCgroupLayout()
  for (const { mountPoint } of hierarchies) {
    const place = join(mountPoint, directory)
    const entries = await readdir(place, { withFileTypes: true }).catch(() => [])
    const names = entries.filter((entry) => entry.isDirectory()).map((entry) => entry.name)
    for (const name of names) await sweepDead(join(place, name))
  }
}

async function sweepDead(cgroup: string): Promise<void> {
  try {
    const lock = tryLockDirectory(cgroup)
    if (lock === null) return
    await removeEmptyCgroup(cgroup).finally(() => lock.release())
  } catch {
    // It is gone by now, or another user's.
  }
}
