import { readFile, rmdir, writeFile, readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { NativeError } from '../error.js'

/** Longest that processes of a removed cgroup may take to end, in milliseconds. */
const EMPTY_MS_MAX = 10_000
const RETRY_MS = 20

/**
 * Kills every process in a cgroup directory and below, and removes it. Not there: nothing to do.
 * Killed processes leave their cgroup only when they have ended, so the removal is tried again.
 * @throws NativeError SP_NATIVE_CGROUP_BUSY when processes would not end within 10 s.
 */
export async function removeCgroup(directory: string): Promise<void> {
  const deadline = performance.now() + EMPTY_MS_MAX
  while (!(await tryRemove(directory))) {
    if (performance.now() > deadline) {
      throw new NativeError('SP_NATIVE_CGROUP_BUSY', `cgroup ${directory} still has processes`)
    }
    await killAll(directory)
    await delay(RETRY_MS)
  }
}

/** The same for every cgroup in a directory, but not for those that the runner keeps there itself. */
export async function removeCgroupsIn(directory: string): Promise<void> {
  const names = await subdirectories(directory)
  const own = names.filter((name) => !name.startsWith('_'))
  await Promise.all(own.map((name) => removeCgroup(join(directory, name))))
}

/** Removes a cgroup and those in it if none has processes. @returns whether it is gone. */
export function removeEmptyCgroup(directory: string): Promise<boolean> {
  return tryRemove(directory)
}

async function tryRemove(directory: string): Promise<boolean> {
  for (const child of await subdirectories(directory)) {
    if (!(await tryRemove(join(directory, child)))) return false
  }
  try {
    await rmdir(directory)
    return true
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code
    if (code === 'ENOENT') return true
    if (code === 'EBUSY') return false
    throw error
  }
}

/** cgroup.kill (version 2, Linux 5.14) reaches the whole subtree; elsewhere one process at a time. */
async function killAll(directory: string): Promise<void> {
  try {
    await writeFile(join(directory, 'cgroup.kill'), '1', { flag: 'r+' })
    return
  } catch {
    // Version 1 has no such file.
  }
  for (const child of await subdirectories(directory)) await killAll(join(directory, child))
  const pids = await readFile(join(directory, 'cgroup.procs'), 'utf8').catch(() => '')
  for (const pid of pids.split('\n').filter(Boolean)) killOne(Number(pid))
}

function killOne(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL')
  } catch {
    // It has ended by itself.
  }
}

async function subdirectories(directory: string): Promise<readonly string[]> {
  try {
    const entries = await readdir(directory, { withFileTypes: true })
    return entries.filter((entry) => entry.isDirectory()).map((entry) => entry.name)
  } catch {
    return []
  }
}
