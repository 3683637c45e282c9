#!/usr/bin/env node
// `npm run demo`: the whole way of a push in a directory of its own, checked at its end. Starts a
// standalone Sandpiper, pushes a sample project, follows its build, and takes everything away again.
//   node scripts/demo.mjs [--fail]   --fail pushes a mistake: the build, and so the demo, has to fail (exit 1)
import { spawn } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { findLeftovers } from './demo/leftovers.mjs'
import { git, makeSample } from './demo/sample.mjs'
import { startStandalone } from './demo/standalone.mjs'
import { verifyBuild } from './demo/verify.mjs'
import { fail, phase, say, SetupError, tail, total } from './lib/report.mjs'
import { must, which } from './lib/run.mjs'

const root = dirname(dirname(fileURLToPath(import.meta.url)))
const program = join(root, 'bin', 'sandpiper')

const USAGE = `usage: npm run demo [-- --fail]

Starts a Sandpiper of its own in a temporary directory, pushes a sample project to it, follows the
build, checks it, and takes everything away again. Making sandboxes needs root (or sudo).

  --fail   push a mistake: the build, and so the demo, has to fail (exit code 1)`

const NEXT = `
The server of the demo, its address and its data are gone again. To go on with one that stays:
  npm start                                     runs it in this terminal
  bin/sandpiper repo add <owner>/<name> --clone-url <address>
  bin/sandpiper hook install <bare repository> --repo <owner>/<name>`

/** The demo is a world of its own: no setting of the caller's reaches it. */
const env = Object.fromEntries(
  Object.entries(process.env).filter(([name]) => !name.startsWith('SANDPIPER_')),
)

const broken = readArguments(process.argv.slice(2))

if (process.getuid() === 0) await demo()
else await asRoot()

async function demo() {
  const directory = mkdtempSync(join(tmpdir(), 'sandpiper-demo-'))
  const state = { server: null }
  let exitCode = 3
  try {
    exitCode = await pushAndFollow(directory, state)
    await phase('stopping everything', () => state.server.stop())
    const left = await findLeftovers(directory, state.server.data)
    if (left.length > 0) throw new SetupError(`something was left behind:\n  ${left.join('\n  ')}`)
    say(broken ? `the build failed, as it had to (${total()})` : `the demo passed in ${total()}`)
    say(NEXT)
  } catch (error) {
    const log = state.server === null ? '' : state.server.log()
    state.server?.kill()
    rmSync(directory, { recursive: true, force: true })
    if (log !== '') say(`the end of the server's log:\n${tail(log, 25)}`)
    fail(error, 'demo')
  }
  rmSync(directory, { recursive: true, force: true })
  process.exitCode = exitCode
}

/** @returns the exit code of the command that followed the build: 0 when it passed, 1 when it failed */
async function pushAndFollow(directory, state) {
  await phase('starting a standalone Sandpiper', async () => {
    state.server = startStandalone({ program, directory, env })
    await state.server.ready()
  })
  const { server } = state
  const data = ['--data', server.data]
  const { bare, work, commit } = await phase('making a sample project', async () => {
    const sample = await makeSample(directory, { broken })
    await sandpiper('image', 'import', 'busybox', '--busybox', ...data)
    await sandpiper('repo', 'add', 'demo/hello', '--clone-url', sample.bare, ...data)
    await sandpiper('hook', 'install', sample.bare, '--repo', 'demo/hello', ...data)
    return sample
  })
  say(`> git push (${bare})`)
  const pushed = await git(work, 'push', 'origin', 'main')
  for (const line of pushed.split('\n').filter((text) => text.startsWith('remote:')))
    say(`  ${line}`)
  if (!/sandpiper: build #1 /.test(pushed))
    throw new SetupError('the push made no build', { log: pushed })
  const followed = await follow(['build', 'logs', 'demo/hello', '1', '--follow', ...data])
  if (followed !== (broken ? 1 : 0))
    throw new SetupError(`following the build ended with ${followed}`)
  const build = await verifyBuild(server, commit, { broken })
  say(
    `build #1 of demo/hello: ${build.status} in ${(build.finished_ms - build.started_ms) / 1000} s`,
  )
  say(`it was at ${server.url}/api/repos/demo/hello/builds/1, for whoever had the token`)
  return followed
}

function sandpiper(...args) {
  return must(process.execPath, [program, ...args], {
    env,
    cwd: root,
    what: `sandpiper ${args[0]}`,
  })
}

/** Runs a command of ours on this terminal. */
function follow(args) {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [program, ...args], {
      env,
      stdio: ['ignore', 'inherit', 'inherit'],
    })
    child.on('error', reject)
    child.on('exit', (code, signal) => resolve(code ?? signal))
  })
}

/** Making sandboxes needs root so far: the same again through sudo, where there is one. */
async function asRoot() {
  if (!which('sudo')) {
    const hint = 'run `npm run demo` as root; the set-up as an ordinary user is done already'
    fail(new SetupError('making sandboxes needs root, and there is no sudo here', { hint }), 'demo')
  }
  say('making sandboxes needs root: going on with sudo')
  const script = fileURLToPath(import.meta.url)
  const child = spawn('sudo', [process.execPath, script, ...process.argv.slice(2)], {
    stdio: 'inherit',
  })
  child.on('exit', (code) => (process.exitCode = code ?? 3))
}

function readArguments(args) {
  if (args.includes('--help') || args.includes('-h')) {
    console.log(USAGE)
    process.exit(0)
  }
  const unknown = args.find((arg) => arg !== '--fail')
  if (unknown === undefined) return args.includes('--fail')
  say(`error: unknown argument ${unknown}\nhint: node scripts/demo.mjs [--fail]`)
  process.exit(2)
}
