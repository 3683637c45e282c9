import { access, constants, mkdir, readFile, rmdir, writeFile } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import type { CgroupMount } from './layout.js'

/**
 * Cgroup for the processes that were in a delegated one: where controllers are handed down there may be
 * none (cgroup-v2.rst, "No Internal Process Constraint").
 */
const OWN_LEAF = 'sandpiper-processes'

/** Files that whoever a cgroup is delegated to may write (cgroup-v2.rst, "Model of Delegation"). */
const DELEGATED_FILES = ['cgroup.procs', 'cgroup.subtree_control', '.']

/** Why an ordinary user has no cgroup to make sandboxes' in, in words for people. */
export interface NotDelegated {
  readonly reason: string
}

/**
 * The cgroup of version 2 that this process is in, when it is this user's own to divide, as systemd's
 * `Delegate=yes` makes it. Version 1 has no delegation that is safe for the host.
 */
export async function findDelegatedCgroup(
  mounts: readonly CgroupMount[],
): Promise<{ readonly directory: string } | NotDelegated> {
  const unified = mounts.find(({ type }) => type === 'cgroup2')
  if (unified === undefined) return { reason: 'no cgroup file system of version 2 is mounted' }
  const path = ownPath(await readFile('/proc/self/cgroup', 'utf8'))
  if (path === null || path.startsWith('/..')) {
    return { reason: `this process is in no cgroup below ${unified.mountPoint}` }
  }
  const own = join(unified.mountPoint, path.slice(1))
  const directory = basename(own) === OWN_LEAF ? dirname(own) : own
  for (const file of DELEGATED_FILES) {
    const isOurs = await access(join(directory, file), constants.W_OK).then(
      () => true,
      () => false,
    )
    if (!isOurs) return { reason: `${directory} does not belong to this user` }
  }
  return { directory }
}

/** The path of version 2 in the text of /proc/PID/cgroup (cgroups(7)). */
function ownPath(text: string): string | null {
  return /^0::(\/.*)$/m.exec(text)?.[1] ?? null
}

/** Makes room for controllers: moves the processes of a delegated cgroup into one below it. */
export async function vacate(directory: string): Promise<void> {
  const leaf = join(directory, OWN_LEAF)
  await mkdir(leaf, { recursive: true })
  await moveAll(directory, leaf)
}

/**
 * Undoes it, so that nothing is left. Fails quietly while another runner has its cgroups there, and
 * where the processes may not be moved.
 */
export async function reoccupy(directory: string, controllers: readonly string[]): Promise<void> {
  try {
    const off = controllers.map((name) => `-${name}`).join(' ')
    await writeFile(join(directory, 'cgroup.subtree_control'), off, { flag: 'r+' })
    await moveAll(join(directory, OWN_LEAF), directory)
    await rmdir(join(directory, OWN_LEAF))
  } catch {
    // The user's next runner, or whoever delegated it, finds it as it is.
  }
}

/** One by one, as the kernel takes them; one that has ended meanwhile needs no move. */
async function moveAll(from: string, to: string): Promise<void> {
  for (;;) {
    const pids = (await readFile(join(from, 'cgroup.procs'), 'utf8')).split('\n').filter(Boolean)
    // "0" are those outside of this pid namespace.
    const movable = pids.filter((pid) => pid !== '0')
    if (movable.length === 0) return
    for (const pid of movable) {
      await writeFile(join(to, 'cgroup.procs'), pid, { flag: 'r+' }).catch((error: unknown) => {
        if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error
      })
    }
  }
}
