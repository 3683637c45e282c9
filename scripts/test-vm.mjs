#!/usr/bin/env node
// `npm run test:vm`: boots Debian's cloud kernel in qemu, without KVM, and runs the sandbox's tests on hosts
// that this one is not: pure cgroup v2, and others (scripts/vm/scenarios.mjs). Ends with `N passed, N failed`.
//   node scripts/test-vm.mjs [SCENARIO | PATH]...   only these scenarios, only tests below these paths
import { mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { fail, phase, say, seconds, SetupError, total } from './lib/report.mjs'
import { which } from './lib/run.mjs'
import { makeDisk, makeInitramfs } from './vm/images.mjs'
import { debianKernel } from './vm/kernel.mjs'
import { consoleEnd, runMachine } from './vm/machine.mjs'
import { makeRootTree } from './vm/root-tree.mjs'
import { SCENARIOS } from './vm/scenarios.mjs'
import { Tally } from './vm/tally.mjs'

const root = dirname(dirname(fileURLToPath(import.meta.url)))
const cache = join(root, '.setup', 'vm')
const disk = join(cache, 'root.img')

/** Longest that one scenario may take. */
const LIMIT_MS = 20 * 60_000
/** How many times as long as usual a test may take: an emulated processor is 10 to 20 times slower. */
const SLOWNESS = 20

try {
  const { scenarios, paths } = readArguments(process.argv.slice(2))
  checkPrograms()
  mkdirSync(cache, { recursive: true })
  const kernel = await debianKernel(cache)
  await phase("the guest's disk", () => makeGuestDisk(kernel))
  const tally = new Tally()
  for (const scenario of scenarios) await runScenario(scenario, paths, kernel, tally)
  const { passed, failed } = tally
  writeFileSync(join(cache, 'result.json'), JSON.stringify({ passed, failed }))
  say(`total time ${total()}`)
  console.log(`${passed} passed, ${failed} failed`)
  process.exitCode = failed === 0 ? 0 : 1
} catch (error) {
  fail(error, 'virtual machine')
}

function readArguments(args) {
  const names = args.filter((arg) => SCENARIOS.some(({ name }) => name === arg))
  const scenarios =
    names.length > 0 ? SCENARIOS.filter(({ name }) => names.includes(name)) : SCENARIOS
  return { scenarios, paths: args.filter((arg) => !names.includes(arg)) }
}

function checkPrograms() {
  if (which('qemu-system-x86_64') !== '') return
  throw new SetupError('qemu-system-x86_64 is not installed', {
    hint: 'apt install qemu-system-x86, or node scripts/setup.mjs --vm',
  })
}

/** Anew every time, from what is built now. */
async function makeGuestDisk(kernel) {
  const tree = join(cache, 'root')
  rmSync(tree, { recursive: true, force: true })
  await makeRootTree(tree, root, kernel)
  await makeDisk(disk, tree)
  rmSync(tree, { recursive: true })
}

async function runScenario({ name, title, workers, tests }, paths, kernel, tally) {
  const since = Date.now()
  say(`\n== ${title} (Linux ${kernel.version})`)
  const initramfs = join(cache, `${name}.initramfs`)
  const patterns = paths.length > 0 ? paths : tests
  await makeInitramfs(initramfs, {
    tree: join(cache, 'initramfs'),
    guest: join(root, 'scripts/vm/guest'),
    scenario: {
      HOST: name.replaceAll('-', '_'),
      TESTS: patterns.join(' '),
      WORKERS: workers,
      SLOWNESS,
    },
  })
  const log = join(cache, `${name}.log`)
  const scenarioTally = await boot({ kernel, initramfs, log })
  tally.passed += scenarioTally.passed
  tally.failed += scenarioTally.failed
  say(`== ${title}: ${seconds(since)}`)
}

async function boot({ kernel, initramfs, log }) {
  const tally = new Tally()
  const end = await runMachine({
    kernel: kernel.image,
    initramfs,
    disk,
    console: log,
    limitMs: LIMIT_MS,
    onLine: (line) => tally.add(line),
  })
  const trouble = tally.trouble(end)
  if (trouble === '') return tally
  tally.fail(`${trouble}; the end of its console (${log}):`)
  say(consoleEnd(log, 40).replace(/^/gm, '    | '))
  return tally
}
