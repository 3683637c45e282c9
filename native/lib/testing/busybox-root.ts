import { execFile } from 'node:child_process'
import { chmod, copyFile, mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import type { WritableLayer } from '../types.js'

/** A temporary directory with a busybox root file system, for tests that need a sandbox. */
export interface TestRoot {
  /** The temporary directory itself. */
  readonly directory: string
  /** The root file system, owned by host root. */
  readonly lower: string
  /** A new writable layer for an overlay. */
  makeWritable(): Promise<{ readonly writable: WritableLayer }>
  remove(): Promise<void>
}

/** Makes one of Debian's busybox-static: /bin/busybox and its applets, /etc/passwd, the usual directories. */
export async function makeTestRoot(): Promise<TestRoot> {
  const directory = await mkdtemp(join(tmpdir(), 'sandpiper-native-'))
  const lower = join(directory, 'root')
  for (const name of ['bin', 'dev', 'etc', 'proc', 'root', 'sys', 'tmp', 'usr', 'var']) {
    await mkdir(join(lower, name), { recursive: true })
  }
  await chmod(join(lower, 'tmp'), 0o1777)
  await copyFile('/bin/busybox', join(lower, 'bin/busybox'))
  await writeFile(
    join(lower, 'etc/passwd'),
    'root:x:0:0:root:/root:/bin/sh\nuser:x:1000:1000::/:/bin/sh\n',
  )
  const { stdout } = await promisify(execFile)('/bin/busybox', ['--list'])
  const applets = stdout.split('\n').filter((name) => name !== '' && name !== 'busybox')
  await Promise.all(applets.map((name) => symlink('busybox', join(lower, 'bin', name))))
  return {
    directory,
    lower,
    makeWritable: async () => {
      const path = await mkdtemp(join(directory, 'writable-'))
      return { writable: { kind: 'directory', path } }
    },
    remove: () => rm(directory, { recursive: true, force: true }),
  }
}
