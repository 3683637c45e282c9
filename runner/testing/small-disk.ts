import { execFile, execFileSync } from 'node:child_process'
import { rmSync, statfsSync } from 'node:fs'
import { mkdir, mkdtemp, rm, truncate, writeFile } from 'node:fs/promises'
import os from 'node:os'
import path from 'node:path'
import { promisify } from 'node:util'

const run = promisify(execFile)
const MIB = 1024 * 1024

/** A file system of the test's own, in a file: small enough to be filled. */
export interface SmallDisk {
  /** Where it is mounted. */
  readonly directory: string
  /** Takes all of it but so much. */
  fill(leaveBytes: number): void
  /** Takes that back. */
  empty(): void
  remove(): Promise<void>
}

/** Needs root, e2fsprogs and loop devices. */
export async function makeSmallDisk(bytes = 64 * MIB): Promise<SmallDisk> {
  const parent = await mkdtemp(path.join(os.tmpdir(), 'sandpiper-disk-'))
  const [image, directory] = ['image', 'mount'].map((name) => path.join(parent, name)) as [
    string,
    string,
  ]
  const ballast = path.join(directory, 'ballast')
  await writeFile(image, '')
  await truncate(image, bytes)
  await run('mke2fs', ['-q', '-F', '-t', 'ext4', '-m', '0', '-O', '^has_journal', image])
  await mkdir(directory)
  await run('mount', ['-o', 'loop', image, directory])
  const fill = (leaveBytes: number): void => {
    const { bavail, bsize } = statfsSync(directory)
    const size = Math.floor((bavail * bsize - leaveBytes) / MIB) * MIB
    if (size > 0) execFileSync('fallocate', ['--length', String(size), ballast])
  }
  const empty = (): void => rmSync(ballast, { force: true })
  const remove = async (): Promise<void> => {
    await run('umount', [directory])
    await rm(parent, { recursive: true })
  }
  return { directory, fill, empty, remove }
}
