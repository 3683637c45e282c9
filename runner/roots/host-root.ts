import { createHash } from 'node:crypto'
import {
  chmod,
  chown,
  mkdir,
  readdir,
  readlink,
  rename,
  rm,
  stat,
  symlink,
  writeFile,
} from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { withFileLock } from '../../git/file-lock.js'
import type { BindMount } from '../../native/lib/types.js'
import { giveTree } from '../give-tree.js'
import { copyPublic, lstatOrNull, stampOf } from './copy-public.js'
import {
  COPIED,
  COPIED_PATTERN,
  COVERED,
  DIRECTORIES,
  ENVIRONMENT,
  FILES,
  LINKS,
  USR_PARTS,
} from './host-files.js'

/** A root that shows the host's own programs, for `type: exec` pipelines. */
export interface HostRoot {
  /** Lowest layer: a skeleton with a small /etc of its own. */
  readonly lower: string
  /** The host's /usr and what covers parts of it, /bin, /lib, ... that are no links; read-only. */
  readonly binds: readonly BindMount[]
  readonly env: Readonly<Record<string, string>>
}

export interface HostRootOptions {
  /** Root of the host's files; default `/`. */
  readonly host?: string
  /** Id that files have on disk which are root's in a stage; default 0. */
  readonly rootOnDisk?: number
}

const LOCK_TIMEOUT_MS = 60_000

/** Skeletons that are no longer current are kept this long, in milliseconds: steps may run on them. */
const OLD_SKELETON_AGE_MS = 24 * 3600_000

/**
 * Makes the skeleton below `directory`, or finds the one that is there when the host's files are as they
 * were. Cheap enough to call for every stage; several processes may use the same directory.
 */
export async function prepareHostRoot(
  directory: string,
  options: HostRootOptions = {},
): Promise<HostRoot> {
  const host = options.host ?? '/'
  const root = resolve(directory)
  const copied = await copiedNames(host)
  const owner = options.rootOnDisk ?? 0
  const stamp = await stampOfHost(host, copied, owner)
  const lower = join(root, stamp)
  if ((await lstatOrNull(lower)) === null) {
    await mkdir(root, { recursive: true })
    await withFileLock(join(root, 'lock'), { timeoutMs: LOCK_TIMEOUT_MS }, async () => {
      if ((await lstatOrNull(lower)) === null) await build({ root, lower, host, copied, owner })
    })
  }
  return { lower, binds: await bindsOf(host, lower), env: ENVIRONMENT }
}

async function copiedNames(host: string): Promise<readonly string[]> {
  const names = await readdir(join(host, 'etc'))
  return [...COPIED, ...names.filter((name) => COPIED_PATTERN.test(name)).sort()]
}

/** Changes with the host's files, and with what this module makes of them. */
async function stampOfHost(
  host: string,
  copied: readonly string[],
  owner: number,
): Promise<string> {
  const lines = await Promise.all(copied.map((name) => stampOf(join(host, 'etc', name))))
  const parts = await Promise.all(USR_PARTS.map((name) => lstatOrNull(join(host, name))))
  const ours = [DIRECTORIES, LINKS, FILES, copied, parts.map((found) => found?.mode ?? 0), owner]
  const text = JSON.stringify([ours, lines])
  return createHash('sha256').update(text).digest('hex').slice(0, 32)
}

/** Binds need no id map: what is read-only to everyone may as well belong to nobody. */
async function bindsOf(host: string, lower: string): Promise<readonly BindMount[]> {
  const isDirectory = async (name: string): Promise<boolean> =>
    (await lstatOrNull(join(host, name)))?.isDirectory() ?? false
  const binds = [readOnly(join(host, 'usr'), 'usr')]
  for (const name of USR_PARTS) {
    if (await isDirectory(name)) binds.push(readOnly(join(host, name), name))
  }
  // After /usr, which they cover; the skeleton's /mnt is empty.
  for (const name of COVERED) {
    if (await isDirectory(name)) binds.push(readOnly(join(lower, 'mnt'), name))
  }
  return binds
}

function readOnly(source: string, name: string): BindMount {
  return { source, target: `/${name}`, readOnly: true, idMapped: false }
}

interface Skeleton {
  readonly root: string
  readonly lower: string
  readonly host: string
  readonly copied: readonly string[]
  readonly owner: number
}

/** The caller holds the lock: what is half built here belongs to a process that has died. */
async function build({ root, lower, host, copied, owner }: Skeleton): Promise<void> {
  await removeOld(root)
  const draft = join(root, 'new')
  await mkdir(draft)
  await chmod(draft, 0o755)
  for (const [name, mode] of Object.entries(DIRECTORIES))
    await makeDirectory(join(draft, name), mode)
  await linkUsr(draft, host)
  for (const name of copied) await copyPublic(join(host, 'etc', name), join(draft, 'etc', name))
  for (const [name, target] of Object.entries(LINKS)) await symlink(target, join(draft, name))
  for (const [name, content] of Object.entries(FILES)) {
    await writeFile(join(draft, name), content, { flag: 'wx' })
    await chmod(join(draft, name), 0o644)
  }
  await makeHome(join(draft, 'home/build'), owner)
  if (owner !== 0) await giveTree(draft, owner, { from: 0 })
  await rename(draft, lower)
}

async function linkUsr(draft: string, host: string): Promise<void> {
  for (const name of USR_PARTS) {
    const found = await lstatOrNull(join(host, name))
    if (found?.isSymbolicLink()) await symlink(await readlink(join(host, name)), join(draft, name))
    if (found?.isDirectory()) await makeDirectory(join(draft, name), 0o755)
  }
}

/** Only root can give a directory away; elsewhere the user `build` has none of its own. */
async function makeHome(path: string, owner: number): Promise<void> {
  await makeDirectory(path, 0o755)
  await chown(path, owner + 1000, owner + 1000).catch((error: unknown) => {
    if ((error as NodeJS.ErrnoException).code !== 'EPERM') throw error
  })
}

/** chmod(2) as well, for the modes must not depend on this process's umask. */
async function makeDirectory(path: string, mode: number): Promise<void> {
  await mkdir(path)
  await chmod(path, mode)
}

async function removeOld(root: string): Promise<void> {
  await rm(join(root, 'new'), { recursive: true, force: true })
  for (const name of await readdir(root)) {
    if (!/^[0-9a-f]{32}$/.test(name)) continue
    const { ctimeMs } = await stat(join(root, name))
    if (Date.now() - ctimeMs > OLD_SKELETON_AGE_MS) {
      await rm(join(root, name), { recursive: true, force: true })
    }
  }
}
