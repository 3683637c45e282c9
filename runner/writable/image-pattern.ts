import { execFile } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { mkdir, open, rename, rm, stat, truncate, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { promisify } from 'node:util'

const run = promisify(execFile)

const BLOCK_BYTES = 4096
/** Bytes for each file that there can be; packages of many small files need half of mke2fs's default. */
const BYTES_PER_FILE = 8192
const BYTES_MIN = 1024 * 1024
/** mke2fs is in a directory of programs for the administrator, which need not be on an ordinary PATH. */
const PATH = '/usr/sbin:/sbin:/usr/bin:/bin'

/**
 * A file with an ext4 file system of a size, to be copied for each writable layer: mostly holes, some
 * hundred KiB on disk. Made once per size. It has the two directories that the launcher needs in a layer,
 * as those are the first to be made there, which takes long. Without a journal, as nothing in it outlives its
 * mount, and with as little to copy as can be. Checksums stay: they tell of metadata that a full disk of the
 * host's has lost.
 * @throws when mke2fs (package e2fsprogs) is not there or fails
 */
export async function imagePattern(directory: string, bytes: number): Promise<string> {
  const size = Math.max(BYTES_MIN, Math.ceil(bytes / BLOCK_BYTES) * BLOCK_BYTES)
  const file = path.join(directory, `${String(size)}.layer.ext4`)
  if (await exists(file)) return file
  const unfinished = `${file}.${randomBytes(6).toString('hex')}`
  const content = `${unfinished}.content`
  try {
    for (const name of LAYER_DIRECTORIES) await mkdir(path.join(content, name), { recursive: true })
    await writeFile(unfinished, '', { flag: 'wx', mode: 0o600 })
    await truncate(unfinished, size)
    const args = [...OPTIONS, '-d', content, unfinished]
    await run('mke2fs', args, { env: { PATH, LC_ALL: 'C' } })
    await flush(unfinished)
    await rename(unfinished, file)
  } catch (error) {
    await rm(unfinished, { force: true })
    throw error
  } finally {
    await rm(content, { recursive: true, force: true })
  }
  return file
}

/** A crash of the host must not leave the name without the content. */
async function flush(file: string): Promise<void> {
  const handle = await open(file, 'r+')
  await handle.sync().finally(() => handle.close())
}

/** overlayfs's own, as native/src/launcher/writable.cc names them. */
const LAYER_DIRECTORIES = ['upper', 'work']

const OPTIONS = [
  ...['-q', '-F', '-t', 'ext4', '-b', String(BLOCK_BYTES), '-i', String(BYTES_PER_FILE)],
  // Nothing is kept back for root, nothing to grow, nothing to repair it by.
  ...['-m', '0', '-O', '^has_journal,^resize_inode,sparse_super2'],
  ...['-E', 'lazy_itable_init=1,nodiscard,root_owner=0:0,num_backup_sb=0'],
]

async function exists(file: string): Promise<boolean> {
  return stat(file).then(
    () => true,
    () => false,
  )
}
