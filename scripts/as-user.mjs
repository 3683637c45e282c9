#!/usr/bin/env node
// Runs a command as an ordinary user with subordinate ids, made for it alone: in a private mount
// namespace with its own /etc/passwd, group, subuid and subgid, so that the machine's stay as they are.
// Needs root. The user's home, with TMPDIR in it, goes with the command; its exit code is passed on.
//
//   node scripts/as-user.mjs [--sub-ids N] [--cgroup] COMMAND [ARGUMENT...]
//
//   --sub-ids N   subordinate ids that the user has (default 65536; 0: none)
//   --cgroup      start in a cgroup (version 2) that belongs to the user, as `Delegate=yes` makes one
import { spawn } from 'node:child_process'
import {
  chmodSync,
  chownSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmdirSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

const NAME = 'sandpiper-user'
// Ids that no two of these at a time have.
const SLOT = process.pid % 1000
const ID = 61_000 + SLOT
const SUB_IDS_FIRST = 700_000_000 + SLOT * 65_536
const CONTROLLERS = ['cpu', 'memory', 'pids']

/** Runs as root in the private mount namespace, and becomes the user last. */
const INSIDE = `
set -e
place=$1 cgroup=$2; shift 2
for file in passwd group subuid subgid; do
  [ -e /etc/$file ] || : >/etc/$file
  mount --bind "$place/$file" /etc/$file
done
# As udev makes it: anybody's. Not every host has udev.
if [ -e /dev/net/tun ]; then
  mknod -m 666 "$place/tun" c 10 200
  chmod 666 "$place/tun"
  mount --bind "$place/tun" /dev/net/tun
fi
[ -z "$cgroup" ] || echo $$ >"$cgroup/cgroup.procs"
exec setpriv --reuid=${ID} --regid=${ID} --clear-groups -- "$@"
`

const { subIds, wantsCgroup, command } = readArguments(process.argv.slice(2))
const place = makePlace(subIds)
const cgroup = wantsCgroup ? delegateCgroup() : null
process.exitCode = await runAsUser(command)
rmSync(place, { recursive: true, force: true })
if (cgroup) removeCgroup(cgroup)

function readArguments(args) {
  let subIds = 65_536
  let wantsCgroup = false
  while (args[0]?.startsWith('--')) {
    const option = args.shift()
    if (option === '--sub-ids') subIds = Number(args.shift())
    else if (option === '--cgroup') wantsCgroup = true
    else fail(`unknown option ${option}`)
  }
  if (args.length === 0) fail('a command is missing')
  if (process.getuid() !== 0) fail('only root can become another user')
  return { subIds, wantsCgroup, command: args }
}

function fail(text) {
  console.error(`error: ${text}`)
  process.exit(2)
}

function makePlace(count) {
  const directory = mkdtempSync(join(tmpdir(), 'sandpiper-user-'))
  chmodSync(directory, 0o755)
  const home = join(directory, 'home')
  mkdirSync(join(home, 'tmp'), { recursive: true })
  for (const path of [home, join(home, 'tmp')]) chownSync(path, ID, ID)
  const add = (file, line) => {
    const before = existsSync(`/etc/${file}`) ? readFileSync(`/etc/${file}`, 'utf8') : ''
    writeFileSync(join(directory, file), `${before.replace(/(?<=.)\n*$/, '\n')}${line}`)
  }
  add('passwd', `${NAME}:x:${ID}:${ID}::${home}:/bin/sh\n`)
  add('group', `${NAME}:x:${ID}:\n`)
  const range = count > 0 ? `${NAME}:${SUB_IDS_FIRST}:${count}\n` : ''
  for (const file of ['subuid', 'subgid']) writeFileSync(join(directory, file), range)
  return directory
}

/** A cgroup of the user's own, with the controllers that limits need; null where there are none. */
function delegateCgroup() {
  const mount = /^\S+ \S+ \S+ \S+ (\S+) .* - cgroup2 /m.exec(
    readFileSync('/proc/self/mountinfo', 'utf8'),
  )?.[1]
  if (mount === undefined) fail('no cgroup file system of version 2 is mounted')
  const available = readFileSync(join(mount, 'cgroup.controllers'), 'utf8').split(/\s+/)
  for (const name of CONTROLLERS.filter((controller) => available.includes(controller))) {
    writeFileSync(join(mount, 'cgroup.subtree_control'), `+${name}`)
  }
  const directory = join(mount, `${NAME}-${process.pid}`)
  mkdirSync(directory)
  for (const file of ['', 'cgroup.procs', 'cgroup.subtree_control', 'cgroup.threads']) {
    chownSync(join(directory, file), ID, ID)
  }
  return directory
}

/** What the command left in it stays, and is told. */
function removeCgroup(directory) {
  for (const { name } of readdirSync(directory, { withFileTypes: true }).filter((entry) =>
    entry.isDirectory(),
  )) {
    console.error(`left behind: ${join(directory, name)}`)
    process.exitCode ||= 1
    return
  }
  rmdirSync(directory)
}

function runAsUser(argv) {
  const home = join(place, 'home')
  const env = { ...process.env, HOME: home, USER: NAME, LOGNAME: NAME, TMPDIR: join(home, 'tmp') }
  for (const name of Object.keys(env)) if (name.startsWith('XDG_')) delete env[name]
  const inside = ['sh', '-c', INSIDE, 'as-user', place, cgroup ?? '', ...argv]
  const child = spawn('unshare', ['--mount', '--propagation', 'private', ...inside], {
    env,
    stdio: 'inherit',
  })
  for (const signal of ['SIGINT', 'SIGTERM']) process.on(signal, () => child.kill(signal))
  return new Promise((resolve) => {
    child.on('error', (error) => fail(error.message))
    child.on('close', (code, signal) => resolve(signal === null ? code : 128))
  })
}
