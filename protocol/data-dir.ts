import { chmod, mkdir, stat } from 'node:fs/promises'
import { dirname, resolve } from 'node:path'
import { messageOf, SandpiperError } from './errors.js'

/** In the data directory: what a server and the runners beside it seal and open the secrets of jobs with. */
export const RUNNER_KEY_FILE = 'runner.key'

/**
 * Makes a directory of ours with its parents, and sees to it that only this user gets in, whatever the
 * directories above it allow. Server, runner and commands all keep things below the data directory, and
 * whichever comes first makes it: what they share is here. A data directory that is there keeps its mode.
 * @throws SandpiperError SP_DATA_DIR
 */
export async function makePrivateDirectory(directory: string): Promise<void> {
  const path = resolve(directory)
  try {
    await makeWithParents(path)
    if (((await stat(path)).mode & 0o077) !== 0) await chmod(path, 0o700)
  } catch (error) {
    throw unusable(path, error)
  }
}

/**
 * Makes the data directory with its parents, mode 0700; one that is there stays as it is.
 * @throws SandpiperError SP_DATA_DIR
 */
export async function makeDataDirectory(directory: string): Promise<void> {
  const path = resolve(directory)
  try {
    await makeWithParents(path)
    await stat(path)
  } catch (error) {
    throw unusable(path, error)
  }
}

/**
 * One by one: Node's own `recursive` never comes back where mkdir(2) says ENOENT though the parent is
 * there, as below /proc.
 */
async function makeWithParents(path: string): Promise<void> {
  if (await isDirectory(path)) return
  await makeWithParents(dirname(path))
  await mkdir(path, { mode: 0o700 }).catch((error: unknown) => {
    if (codeOf(error) !== 'EEXIST') throw error
  })
}

/** @returns false when nothing is there */
async function isDirectory(path: string): Promise<boolean> {
  try {
    if ((await stat(path)).isDirectory()) return true
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return false
    throw error
  }
  throw new Error(`${path} is not a directory`)
}

function codeOf(error: unknown): string | undefined {
  return (error as NodeJS.ErrnoException).code
}

function unusable(path: string, cause: unknown): SandpiperError {
  return new SandpiperError(
    'SP_DATA_DIR',
    `can't make the directory ${path} for Sandpiper's data: ${messageOf(cause)}`,
    { hint: 'Choose a place that this user may write to, with --data or SANDPIPER_DATA.', cause },
  )
}
