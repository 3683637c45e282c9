import { chmod, copyFile, lstat, mkdir, readdir, readlink, symlink } from 'node:fs/promises'
import type { Dirent, Stats } from 'node:fs'
import { dirname, join } from 'node:path'

/** Files larger than this are no configuration. */
const FILE_BYTES_MAX = 32 * 1024 * 1024

/** What `stampOf` and `copyPublic` make of one host path: only what anyone may read. */
function isPublic(found: Stats): boolean {
  if (found.isDirectory()) return (found.mode & 0o005) === 0o005
  return found.isFile() && (found.mode & 0o004) !== 0 && found.size <= FILE_BYTES_MAX
}

/**
 * Copies a file, link or tree, leaving out what not everyone may read. Links are copied as links and
 * never followed; set-id bits are dropped. Does nothing when there is no such path.
 */
export async function copyPublic(from: string, to: string): Promise<void> {
  const found = await lstatOrNull(from)
  if (found === null) return
  if (found.isSymbolicLink()) {
    await mkdir(dirname(to), { recursive: true, mode: 0o755 })
    await symlink(await readlink(from), to)
  } else if (isPublic(found)) {
    if (found.isDirectory()) await copyDirectory(from, to)
    else await copyOneFile(from, to, found.mode & 0o755)
  }
}

async function copyDirectory(from: string, to: string): Promise<void> {
  await mkdir(to, { recursive: true, mode: 0o755 })
  await chmod(to, 0o755)
  for (const name of await readdir(from)) await copyPublic(join(from, name), join(to, name))
}

async function copyOneFile(from: string, to: string, mode: number): Promise<void> {
  await mkdir(dirname(to), { recursive: true, mode: 0o755 })
  await copyFile(from, to)
  await chmod(to, mode | 0o444)
}

/**
 * One line for each file and directory below a path that changes whenever a copy would: a directory's
 * own time of change covers the names and links in it (inode(7)).
 */
export async function stampOf(path: string): Promise<readonly string[]> {
  const found = await lstatOrNull(path)
  if (found === null) return []
  const line = [path, found.ino, found.size, found.mode, found.mtimeMs, found.ctimeMs].join(' ')
  if (!found.isDirectory() || !isPublic(found)) return [line]
  const entries = await readdir(path, { withFileTypes: true })
  const below = await Promise.all(
    entries.filter(mayChangeAlone).map((entry) => stampOf(join(path, entry.name))),
  )
  return [line, ...below.flat().sort()]
}

function mayChangeAlone(entry: Dirent): boolean {
  return entry.isFile() || entry.isDirectory()
}

/** What lstat(2) says, or null when nothing is there or it can't be looked at. */
export async function lstatOrNull(path: string): Promise<Stats | null> {
  try {
    return await lstat(path)
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    if (code === 'ENOENT' || code === 'ENOTDIR' || code === 'EACCES') return null
    throw error
  }
}
