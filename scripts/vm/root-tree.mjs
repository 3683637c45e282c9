import {
  copyFileSync,
  cpSync,
  mkdirSync,
  readdirSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { dirname, join } from 'node:path'
import { must, run } from '../lib/run.mjs'
import { compileTree } from './compile.mjs'
import { copyLibraries, copyPackages, copyPrograms } from './programs.mjs'

/** What the guest has of this machine; busybox stands in for everything else. */
const PROGRAMS = ['busybox']
const PACKAGES = [
  ...[
    'bash',
    'coreutils',
    'dash',
    'e2fsprogs',
    'grep',
    'gzip',
    'mount',
    'sed',
    'tar',
    'util-linux',
  ],
  ...['iproute2', 'nftables', 'passt', 'uidmap'],
]

/** What of this repository the tests in the guest need. */
const ROOMS = ['native/lib', 'runner', 'pipelines', 'protocol', 'git', 'test/support']
const SOURCES = [
  ...['package.json', 'jest.config.mjs', 'bin', 'native/build', 'native/seccomp'],
  ...ROOMS,
]

/** What only builds and checks use, and what the guest would never load. */
const UNUSED_PACKAGES = [
  ...[
    '.cache',
    '@libsql',
    '@swc',
    '@typescript-eslint',
    'eslint',
    'libsql',
    'prettier',
    'typescript',
  ],
  'yaml-language-server',
]

const PASSWD = `root:x:0:0:root:/root:/bin/sh
nobody:x:65534:65534:nobody:/nonexistent:/bin/false
runner:x:1000:1000::/home/runner:/bin/sh
`
const GROUP = `root:x:0:
nogroup:x:65534:
runner:x:1000:
`
/** As adduser(8) gives them out, and more: every stage takes 65536. */
const SUBORDINATE_IDS = 'runner:100000:6553600\n'

/** Makes the guest's root file system below `root`, from this machine's programs and this checkout. */
export async function makeRootTree(root, repository, kernel) {
  makeDirectories(root)
  await copyPrograms(root, PROGRAMS)
  await copyPackages(root, PACKAGES)
  // Wherever this machine has it.
  copyFileSync(process.execPath, join(root, 'usr/bin/node'))
  await copyLibraries(root, [process.execPath])
  // The locale that the launcher's tools are run with.
  cpSync('/usr/lib/locale/C.utf8', join(root, 'usr/lib/locale/C.utf8'), { recursive: true })
  await linkBusybox(root)
  await copyModules(root, kernel)
  await copyRepository(root, repository)
  cpSync(join(repository, 'scripts/vm/guest'), join(root, 'vm'), { recursive: true })
}

function makeDirectories(root) {
  for (const name of ['bin', 'sbin', 'lib', 'lib64']) {
    mkdirSync(join(root, 'usr', name), { recursive: true })
    symlinkSync(`usr/${name}`, join(root, name))
  }
  const empty = [
    'dev',
    'etc',
    'home/runner',
    'proc',
    'repo',
    'root',
    'run',
    'sys',
    'tmp',
    'var/tmp',
  ]
  for (const name of empty) mkdirSync(join(root, name), { recursive: true })
  writeFileSync(join(root, 'etc/passwd'), PASSWD)
  writeFileSync(join(root, 'etc/group'), GROUP)
  writeFileSync(join(root, 'etc/shadow'), 'root:*:::::::\n', { mode: 0o600 })
  for (const name of ['subuid', 'subgid']) writeFileSync(join(root, 'etc', name), SUBORDINATE_IDS)
}

/** Its applets are where Debian has those programs, unless the real one is there. */
async function linkBusybox(root) {
  const names = (await must('busybox', ['--list-full'])).trim().split('\n')
  for (const name of [...names, 'sbin/modprobe']) {
    const path = join(root, 'usr', name.replace(/^usr\//, ''))
    try {
      symlinkSync('/usr/bin/busybox', path)
    } catch (error) {
      if (error.code !== 'EEXIST') throw error
    }
  }
}

async function copyModules(root, kernel) {
  await linkTree(kernel.modules, join(root, 'usr/lib/modules', kernel.version))
  await must('busybox', ['depmod', '-b', root, kernel.version])
}

async function copyRepository(root, repository) {
  const packages = readdirSync(join(repository, 'node_modules'))
    .filter((name) => !UNUSED_PACKAGES.includes(name))
    .map((name) => `node_modules/${name}`)
  for (const name of [...SOURCES, ...packages]) {
    await linkTree(join(repository, name), join(root, 'repo', name))
  }
  for (const room of ROOMS) await compileTree(join(root, 'repo', room), repository)
  // Libraries of compiled modules: Jest has one that finds files.
  const names = readdirSync(join(root, 'repo'), { recursive: true, encoding: 'utf8' })
  const modules = names.filter((name) => name.endsWith('.node'))
  await copyLibraries(
    root,
    modules.map((name) => join(root, 'repo', name)),
  )
}

/** Links instead of copies where it can: the tree is only read, and soon removed again. */
async function linkTree(from, to) {
  mkdirSync(dirname(to), { recursive: true })
  const { code } = await run('cp', ['-a', '--link', from, to])
  if (code === 0) return
  rmSync(to, { recursive: true, force: true })
  await must('cp', ['-a', from, to])
}
