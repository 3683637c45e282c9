import { chmodSync, copyFileSync, mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { must, which } from '../lib/run.mjs'

/** Size of the guest's disk. The file is sparse: it takes what is in it. */
const DISK_SIZE = '6G'

/** Makes a file system image with what is below `tree` in it; nothing is mounted. */
export async function makeDisk(file, tree) {
  rmSync(file, { force: true })
  const options = ['-q', '-t', 'ext4', '-O', '^has_journal', '-E', 'root_owner=0:0']
  await must(which('mke2fs'), [...options, '-d', tree, file, DISK_SIZE])
}

/**
 * Makes an initramfs (cpio, "newc") that mounts the disk and starts what the scenario says. The kernel has
 * the drivers of the disk built in.
 */
export async function makeInitramfs(file, { tree, guest, scenario }) {
  rmSync(tree, { recursive: true, force: true })
  for (const name of ['bin', 'dev', 'proc', 'root', 'sys']) {
    mkdirSync(join(tree, name), { recursive: true })
  }
  copyFileSync(which('busybox'), join(tree, 'bin/busybox'))
  copyFileSync(join(guest, 'init'), join(tree, 'init'))
  chmodSync(join(tree, 'init'), 0o755)
  writeFileSync(join(tree, 'scenario'), shellVariables(scenario))
  await must('/bin/sh', [
    '-c',
    'cd "$1" && find . | busybox cpio -o -H newc >"$2"',
    'sh',
    tree,
    file,
  ])
}

function shellVariables(scenario) {
  const quote = (value) => `'${String(value).replaceAll("'", `'\\''`)}'`
  return Object.entries(scenario)
    .map(([name, value]) => `${name}=${quote(value)}\n`)
    .join('')
}
