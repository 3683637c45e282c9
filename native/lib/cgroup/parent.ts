import { mkdir, rmdir, writeFile } from 'node:fs/promises'
import { dirname, join, relative } from 'node:path'
import { fromNode } from '../error.js'
import { reoccupy, vacate } from './delegated.js'
import { CONTROLLERS, type CgroupLayout, type Hierarchy, readCgroupLayout } from './layout.js'
import { removeCgroup } from './remove.js'

const MAKE_TRIES_MAX = 100

/**
 * Makes `parent` in every hierarchy of use; in version 2 also hands the controllers down to it
 * (cgroup-v2.rst, "Enabling and Disabling").
 * @throws NativeError when a hierarchy is not writable (`mkdir on /sys/fs/cgroup/...: EACCES`) or, in
 * version 2, when a cgroup on the way has processes of its own (`EBUSY`).
 */
export async function makeCgroupParent(layout: CgroupLayout, parent: string): Promise<void> {
  try {
    for (const hierarchy of layout.hierarchies) await makeIn(hierarchy, parent)
  } catch (error) {
    throw fromNode(error)
  }
}

async function makeIn(hierarchy: Hierarchy, parent: string): Promise<void> {
  const directory = join(hierarchy.mountPoint, parent)
  await makeDirectories(directory)
  if (hierarchy.delegated) await vacate(hierarchy.mountPoint)
  if (hierarchy.version === 2) await enableControllers(hierarchy, directory)
  if (hierarchy.controllers.includes('cpu')) await keepBandwidthOn(hierarchy, directory)
}

/** A runner that ends removes what is empty above its own, perhaps just before something is made in it. */
async function makeDirectories(directory: string): Promise<void> {
  for (let tries = 1; ; tries++) {
    try {
      await mkdir(directory, { recursive: true })
      return
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ENOENT' || tries === MAKE_TRIES_MAX)
        throw error
    }
  }
}

/** Removes `parent` with what is in it, and the directories above it that are empty then. */
export async function removeCgroupParent(layout: CgroupLayout, parent: string): Promise<void> {
  for (const { mountPoint, delegated, controllers } of layout.hierarchies) {
    await removeCgroup(join(mountPoint, parent))
    await removeEmptyAncestors(mountPoint, dirname(parent))
    if (delegated) await reoccupy(mountPoint, controllers)
  }
}

/** Stops quietly at the first that another runner of the host uses. */
async function removeEmptyAncestors(mountPoint: string, directory: string): Promise<void> {
  for (let name = directory; name !== '.'; name = dirname(name)) {
    try {
      await rmdir(join(mountPoint, name))
    } catch {
      return
    }
  }
}

/**
 * Kills and removes what a runner that is gone left below `parent`, and `parent` itself.
 * The caller must know that the runner is gone, e.g. by holding its lock file.
 */
export async function sweepCgroups(parent: string): Promise<void> {
  await removeCgroupParent(await readCgroupLayout(), parent)
}

/**
 * The kernel patches its own code when the first cgroup gets a CPU quota and when the last one goes
 * (the static key in kernel/sched/fair.c), which takes longer than all else at a sandbox's start. An
 * empty cgroup with a quota keeps it patched.
 */
async function keepBandwidthOn(hierarchy: Hierarchy, directory: string): Promise<void> {
  const keeper = join(directory, '_bandwidth')
  const [file, value] =
    hierarchy.version === 2 ? ['cpu.max', '100000 100000'] : ['cpu.cfs_quota_us', '100000']
  await mkdir(keeper, { recursive: true })
  await writeFile(join(keeper, file), value, { flag: 'r+' })
}

async function enableControllers(hierarchy: Hierarchy, directory: string): Promise<void> {
  const enable = CONTROLLERS.filter((name) => hierarchy.controllers.includes(name))
    .map((name) => `+${name}`)
    .join(' ')
  const steps = relative(hierarchy.mountPoint, directory).split('/')
  for (let depth = 0; depth <= steps.length; depth++) {
    const level = join(hierarchy.mountPoint, ...steps.slice(0, depth))
    await writeFile(join(level, 'cgroup.subtree_control'), enable, { flag: 'r+' })
  }
}
