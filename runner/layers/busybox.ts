import { chmod, copyFile, mkdir, open, symlink, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { SandpiperError } from '../../protocol/errors.js'
import { readTool } from './tools.js'

const BUSYBOX = '/bin/busybox'

const DIRECTORIES = [
  ...['bin', 'dev', 'etc', 'home', 'proc', 'root', 'run', 'sbin', 'sys', 'tmp'],
  ...['usr', 'usr/bin', 'usr/sbin', 'var', 'var/tmp', 'var/log'],
]

const FILES: Readonly<Record<string, string>> = {
  'etc/passwd': `root:x:0:0:root:/root:/bin/sh
nobody:x:65534:65534:nobody:/home:/bin/false
`,
  'etc/group': `root:x:0:
tty:x:5:
nogroup:x:65534:
`,
  'etc/hosts': `127.0.0.1 localhost
::1 localhost ip6-localhost ip6-loopback
`,
  'etc/nsswitch.conf': `passwd: files
group: files
hosts: files dns
`,
}

/**
 * Makes a root file system of the host's static busybox: the program, a link for each of its applets,
 * and the few files that programs look for.
 * @throws SandpiperError SP_IMAGE_BUSYBOX when the host has none, or one that needs shared libraries
 */
export async function makeBusyboxRoot(root: string): Promise<void> {
  await checkBusybox()
  await mkdir(root)
  for (const name of DIRECTORIES) await makeDirectory(join(root, name), modeOf(name))
  await chmod(root, 0o755)
  await copyFile(BUSYBOX, join(root, 'bin/busybox'))
  await chmod(join(root, 'bin/busybox'), 0o755)
  const applets = (await readTool(BUSYBOX, ['--list'])).split('\n')
  for (const applet of applets.filter((name) => name !== '' && name !== 'busybox')) {
    await symlink('busybox', join(root, 'bin', applet))
  }
  await symlink('../../bin/busybox', join(root, 'usr/bin/env'))
  for (const [name, content] of Object.entries(FILES)) {
    await writeFile(join(root, name), content)
    await chmod(join(root, name), 0o644)
  }
}

function modeOf(name: string): number {
  if (name === 'tmp' || name === 'var/tmp') return 0o1777
  return name === 'root' ? 0o700 : 0o755
}

/** chmod(2) as well, for the modes must not depend on this process's umask. */
async function makeDirectory(path: string, mode: number): Promise<void> {
  await mkdir(path)
  await chmod(path, mode)
}

async function checkBusybox(): Promise<void> {
  let file
  try {
    file = await open(BUSYBOX, 'r')
  } catch (error) {
    throw noBusybox(`there is no ${BUSYBOX}`, error)
  }
  try {
    const { buffer, bytesRead } = await file.read(Buffer.alloc(4096), 0, 4096, 0)
    if (needsInterpreter(buffer.subarray(0, bytesRead))) {
      throw noBusybox(`${BUSYBOX} needs shared libraries`)
    }
  } finally {
    await file.close()
  }
}

/** True when a 64-bit ELF program has a PT_INTERP header, and so a dynamic linker (elf(5)). */
function needsInterpreter(head: Buffer): boolean {
  if (head.toString('latin1', 0, 4) !== '\x7fELF' || head[4] !== 2) return false
  const at = Number(head.readBigUInt64LE(32))
  const size = head.readUInt16LE(54)
  const count = head.readUInt16LE(56)
  return Array.from({ length: count }, (_, index) => at + index * size).some(
    (offset) => offset + 4 <= head.length && head.readUInt32LE(offset) === 3,
  )
}

function noBusybox(message: string, cause?: unknown): SandpiperError {
  return new SandpiperError('SP_IMAGE_BUSYBOX', message, {
    hint: 'Install the static one: apt install busybox-static',
    ...(cause === undefined ? {} : { cause }),
  })
}
