#!/usr/bin/env node
// Makes a fresh clone ready: Debian packages, npm packages, native build, TypeScript build. Needs
// nothing but Node. What is already done is not done again: then it takes a moment and no network.
//   node scripts/setup.mjs [--test | --bench | --vm]
import { existsSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { buildNative, buildTypeScript, installNpmPackages } from './lib/build.mjs'
import { lockSetup } from './lib/lock.mjs'
import { installPackages } from './lib/packages.mjs'
import { fail, say, SetupError, total } from './lib/report.mjs'

const root = dirname(dirname(fileURLToPath(import.meta.url)))
const NODE_MIN = [20, 19]

try {
  checkArguments(process.argv.slice(2))
  checkHost()
  lockSetup(join(root, '.setup', 'lock'))
  const groups = ['run', 'build', ...groupsFor(process.argv[2])]
  const skip = process.env.SANDPIPER_SETUP_PACKAGES === 'skip'
  const done = [
    skip ? false : (await installPackages(groups)).length > 0,
    await installNpmPackages(root),
    await buildNative(root),
    await buildTypeScript(root),
  ]
  say(done.includes(true) ? `set-up done in ${total()}` : `set-up: nothing to do (${total()})`)
} catch (error) {
  fail(error, 'set-up')
}

function groupsFor(purpose) {
  // Elsewhere the tests in a virtual machine are left out where there is no emulator: it is large.
  if (purpose === '--test')
    return ['compare', 'check', ...(process.env.CI === 'true' ? ['vm'] : [])]
  if (purpose === '--vm') return ['vm']
  return purpose === '--bench' ? ['compare'] : []
}

function checkArguments(args) {
  const unknown = args.find((arg) => !['--test', '--bench', '--vm'].includes(arg))
  if (unknown === undefined) return
  say(`error: unknown argument ${unknown}\nhint: node scripts/setup.mjs [--test | --bench | --vm]`)
  process.exit(2)
}

function checkHost() {
  const [major, minor] = process.versions.node.split('.').map(Number)
  if (major < NODE_MIN[0] || (major === NODE_MIN[0] && minor < NODE_MIN[1])) {
    throw new SetupError(
      `Node ${NODE_MIN.join('.')} or newer is needed, this is ${process.version}`,
      {
        hint: "install a newer Node, for example from https://nodejs.org or your distribution's packages",
      },
    )
  }
  if (process.platform !== 'linux') {
    throw new SetupError(`Sandpiper runs on Linux only, this is ${process.platform}`)
  }
  const release = existsSync('/etc/os-release') ? readFileSync('/etc/os-release', 'utf8') : ''
  const debian = /^ID(_LIKE)?=.*\b(debian|ubuntu)\b/m.test(release)
  if (debian || process.env.SANDPIPER_SETUP_PACKAGES === 'skip') return
  throw new SetupError('this set-up knows Debian (and its kin) only', {
    hint: 'install git, redis-server, a static busybox, g++, make and libseccomp with headers yourself, then run again with SANDPIPER_SETUP_PACKAGES=skip',
  })
}
