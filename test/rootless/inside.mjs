#!/usr/bin/env node
// Runs Jest as root of a user namespace of the ordinary user who calls it, with the same launcher that a
// runner of his has: the suites of native/ that make sandboxes, or what is named.
//   node test/rootless/inside.mjs [PATTERN...]
import { spawnSync } from 'node:child_process'
import { accessSync, constants, readFileSync } from 'node:fs'
import { userInfo } from 'node:os'
import { join } from 'node:path'

/** Tests that switch a guard off to see the host's root get out, or make what only that root can make. */
const HOST_ROOT_ONLY = [
  ...['a step could .* but for', 'would not be without', 'is no device that can be used'],
  'gives no one the rights of its owner by the set-user-id bit',
]

/** Tests of limits, of what is measured by cgroups, and of cgroups that are left over. */
const NEED_CGROUP = [
  ...['the usage of a sandbox', 'the CPU weight of a sandbox', 'the limits of a sandbox'],
  ...['a bomb of (processes|memory|work|the kernel)'],
  'kills what runs and leaves nothing when it is closed',
  'when the process that made it is killed',
  'sandboxes that are prepared ahead (have the limits|end with their stage)',
]

const root = join(import.meta.dirname, '../..')
const args = process.argv.slice(2)
const patterns = args.length > 0 ? args : ['native/lib/']

const skipped = [...HOST_ROOT_ONLY, ...(hasCgroup() ? [] : NEED_CGROUP)].join('|')

const { username } = userInfo()
const firstOf = (file) => {
  const line = readFileSync(file, 'utf8').match(new RegExp(`^${username}:(\\d+):(\\d+)$`, 'm'))
  if (!line || Number(line[2]) < 65_536) throw new Error(`${username} has no 65536 ids in ${file}`)
  return line[1]
}
const { status, error } = spawnSync(
  join(root, 'native/build/sandpiper-launcher'),
  [
    ...['enter', firstOf('/etc/subuid'), firstOf('/etc/subgid'), '65536', process.execPath],
    ...['--no-warnings', join(root, 'node_modules/jest/bin/jest.js')],
    ...['--config', join(root, 'test/rootless/jest.config.mjs'), '--runInBand', '--forceExit'],
    ...[`--testNamePattern=^(?!.*(${skipped}))`, ...patterns],
  ],
  { cwd: root, stdio: 'inherit' },
)
if (error) throw error
process.exitCode = status ?? 1

/** Whether the user has a cgroup of his own, with controllers. */
function hasCgroup() {
  const path = /^0::\/(.*)$/m.exec(readFileSync('/proc/self/cgroup', 'utf8'))?.[1]
  const directory = join('/sys/fs/cgroup', path ?? '')
  try {
    accessSync(join(directory, 'cgroup.subtree_control'), constants.W_OK)
    return /\bmemory\b/.test(readFileSync(join(directory, 'cgroup.controllers'), 'utf8'))
  } catch {
    return false
  }
}
