#!/usr/bin/env node
// `npm test`: says what this machine lacks for sandboxes, then runs every check in order and goes on
// after a failure, so that one run shows everything. Ends with `N passed, N failed`.
import { spawn } from 'node:child_process'
import { existsSync, readFileSync, rmSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { run, which } from './lib/run.mjs'
import { say, seconds, total } from './lib/report.mjs'

const root = dirname(dirname(fileURLToPath(import.meta.url)))
const bin = (path) => join(root, 'node_modules', path)
const jestArguments = ['--no-warnings', bin('jest/bin/jest.js')]
/** Suites that look at the whole host for what is left over: one test file at a time, nothing beside it. */
const SUITES = ['test/e2e/', 'test/faults/', 'test/rootless/', 'test/scale/', 'test/security/']
/** The suite that looks for what all others left behind; nothing of ours may run beside it. */
const LEFTOVERS = 'test/leftovers/'

/**
 * Tests that make sandboxes, or files that only root can make, from beginning to end. Those of native/ and
 * cli/ tell apart by themselves what needs a sandbox: SANDPIPER_TEST_SANDBOX=0.
 */
const NEED_SANDBOX = [
  'runner/(compose|local-executor|steady-launcher)\\.test\\.ts$',
  'runner/layers/',
  'runner/roots/',
  'runner/stage/(disk-full|rlimits|run-stage)\\.test\\.ts$',
]

const sandbox = await preflight()
const tally = { passed: 0, failed: 0 }
const failures = []

await check('prettier', [bin('prettier/bin/prettier.cjs'), '--check', '--log-level=warn', '.'])
await check('eslint', [bin('eslint/bin/eslint.js'), '.', '--cache', '--max-warnings=0'])
await check('tsc', [bin('typescript/bin/tsc'), '--noEmit', '-p', 'tsconfig.json'])
await check('documents', [join(root, 'scripts/docs.mjs'), '--check'])
await makeWith('clang-format', 'format-check')
await makeWith('clang-tidy', 'tidy')
await jest('unit tests', [
  '--testPathIgnorePatterns=/node_modules/',
  '/dist/',
  LEFTOVERS,
  ...SUITES,
  ...(sandbox ? [] : NEED_SANDBOX),
])
if (postgres())
  await jest('tests of the store on Postgres', ['--config=test/postgres/jest.config.mjs'])
if (sandbox) {
  await jest('cross-room suites', [`--testPathPatterns=(${SUITES.join('|')})`, '--runInBand'])
  await sanitizers()
  const rootless = join(root, 'scripts/test-rootless.mjs')
  await check('native tests as an ordinary user', [rootless, 'native/lib/'])
}
await virtualMachine()
if (sandbox) {
  await jest('leftovers', [`--testPathPatterns=${LEFTOVERS}`])
}

say('')
for (const name of failures) say(`failed: ${name}`)
if (!sandbox) say('the tests that make sandboxes did not run: see the top')
say(`total time ${total()}`)
console.log(`${tally.passed} passed, ${tally.failed} failed`)
process.exitCode = tally.failed === 0 ? 0 : 1

/** Whether its programs are here. In CI they have to be. */
function postgres() {
  const isHere = existsSync('/usr/lib/postgresql')
  if (isHere) return true
  const missing = 'Postgres is not installed (apt install postgresql-15)'
  if (process.env.CI === 'true') count(missing, false)
  else say(`\n== ${missing}: the tests of the store ran on SQLite only`)
  return false
}

/** Asks doctor. Without sandboxes CI fails at once; elsewhere the tests that need none still run. */
async function preflight() {
  const { code, output } = await run(
    process.execPath,
    [join(root, 'bin/sandpiper'), 'doctor', '--json'],
    {
      env: withoutSettings(),
    },
  )
  // An ordinary user makes sandboxes as well, but the tests look at them with the rights of root.
  if (code === 0 && process.getuid() === 0) return true
  say("this machine can't make sandboxes as it is:")
  if (process.getuid() !== 0)
    say('  its tests need root; for an ordinary user: npm run test:rootless')
  for (const line of missing(output)) say(`  ${line}`)
  if (process.env.CI === 'true') {
    say('error: CI=true, and then nothing may be left out')
    process.exit(3)
  }
  say('running only the tests that need no sandbox')
  return false
}

function missing(output) {
  try {
    const checks = JSON.parse(output).checks.filter(({ ok, required }) => required && !ok)
    return checks.map(({ name, detail, hint }) => `${name}: ${detail}${hint ? ` (${hint})` : ''}`)
  } catch {
    return output.trim().split('\n')
  }
}

function withoutSettings() {
  return Object.fromEntries(
    Object.keys(process.env)
      .filter((name) => name.startsWith('SANDPIPER_'))
      .map((name) => [name, undefined]),
  )
}

/** One tool run that passes or fails as a whole. */
function check(name, args) {
  return checkProgram(name, process.execPath, args)
}

/** A target of the native code's Makefile that passes or fails as a whole; all its files are gone through. */
function make(name, target) {
  const args = ['-C', join(root, 'native'), '--silent', '-j2', '-k', target]
  return checkProgram(name, 'make', args)
}

/** The same, named by a program that the set-up of tests installs; only CI can't do without it. */
async function makeWith(tool, target) {
  if (process.env.CI === 'true' || which(tool) !== '') await make(tool, target)
  else say(`\n== ${tool} is not installed here: left out`)
}

async function checkProgram(name, program, args, env = {}) {
  await timed(name, async () => {
    const code = await foreground(program, args, env)
    count(name, code === 0)
  })
}

/** Jest counts each test; its own report goes to the terminal. */
async function jest(name, args, env = {}) {
  const report = join(root, '.setup', `jest-${name.replaceAll(' ', '-')}.json`)
  rmSync(report, { force: true })
  const workers = args.includes('--runInBand') ? [] : ['--maxWorkers=2']
  const files = [...workers, '--json', `--outputFile=${report}`, ...args]
  await timed(name, async () => {
    const code = await foreground(process.execPath, [...jestArguments, ...files], env)
    countJest(name, report, code)
  })
}

function countJest(name, report, code) {
  if (!existsSync(report))
    return count(`${name} (jest wrote no report, exit code ${code})`, code === 0)
  const result = JSON.parse(readFileSync(report, 'utf8'))
  // A file that can't even load has no tests to count: it is one failure of its own.
  const failed = result.numFailedTests + result.numRuntimeErrorTestSuites
  tally.passed += result.numPassedTests
  tally.failed += failed
  if (failed > 0) failures.push(`${name}: ${failed}`)
  if (failed === 0 && code !== 0) count(`${name} (jest exit code ${code})`, false)
}

/** Builds launcher and addon with AddressSanitizer and runs the sandbox tests with the launcher, where the Makefile has that. */
async function sanitizers() {
  const makefile = join(root, 'native', 'Makefile')
  const has = existsSync(makefile) && /^sanitize\s*:/m.test(readFileSync(makefile, 'utf8'))
  if (!has) return
  await make('build with sanitizers', 'sanitize')
  await sanitizedAddon()
  const launcher = join(root, 'native/build/asan/sandpiper-launcher')
  if (!existsSync(launcher)) return
  await jest('native tests under sanitizers', ['native/lib/'], {
    SANDPIPER_TEST_LAUNCHER: launcher,
  })
}

/** The sandbox's tests on other hosts than this one, which need not be able to make sandboxes itself. */
async function virtualMachine() {
  const emulator = 'qemu-system-x86_64'
  if (process.env.CI !== 'true' && which(emulator) === '') {
    return say(`\n== ${emulator} is not installed here: cgroup v2 is left out (npm run test:vm)`)
  }
  const report = join(root, '.setup', 'vm', 'result.json')
  rmSync(report, { force: true })
  await timed('virtual machine', async () => {
    const code = await foreground(process.execPath, [join(root, 'scripts/test-vm.mjs')])
    if (!existsSync(report)) return count(`virtual machine (exit code ${code})`, false)
    const { passed, failed } = JSON.parse(readFileSync(report, 'utf8'))
    tally.passed += passed
    tally.failed += failed
    if (failed > 0) failures.push(`virtual machine: ${failed}`)
  })
}

/** Node itself knows nothing of the sanitizers: their libraries have to be there before it. */
async function sanitizedAddon() {
  const libraries = await Promise.all(
    ['libasan.so', 'libubsan.so'].map((name) => run('g++', [`-print-file-name=${name}`])),
  )
  const preload = libraries.map(({ output }) => output.trim()).join(' ')
  // What V8 keeps to the end of the process is no leak of ours.
  const env = { LD_PRELOAD: preload, ASAN_OPTIONS: 'detect_leaks=0' }
  const script = join(root, 'scripts/addon-under-sanitizers.mjs')
  await checkProgram('addon under sanitizers', process.execPath, [script], env)
}

function count(name, ok) {
  if (ok) tally.passed++
  else {
    tally.failed++
    failures.push(name)
  }
}

async function timed(name, work) {
  const since = Date.now()
  say(`\n== ${name}`)
  await work()
  say(`== ${name}: ${seconds(since)}`)
}

function foreground(program, args, env = {}) {
  return new Promise((resolve) => {
    const child = spawn(program, args, {
      cwd: root,
      stdio: ['ignore', 'inherit', 'inherit'],
      env: { ...process.env, ...(sandbox ? {} : { SANDPIPER_TEST_SANDBOX: '0' }), ...env },
    })
    child.on('error', (error) => {
      say(String(error))
      resolve(127)
    })
    child.on('close', (code) => resolve(code ?? 128))
  })
}
