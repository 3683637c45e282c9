#!/usr/bin/env node
// Uses the addon as the runner does, but the one that was built with AddressSanitizer and
// UndefinedBehaviorSanitizer (`make -C native sanitize`); `npm test` runs it with their libraries preloaded.
// Jest is left out: it would take minutes under them. What they find ends this process with their report.
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

const SANDBOXES = 20

const root = dirname(dirname(fileURLToPath(import.meta.url)))
const build = join(root, 'native', 'build')
const require = createRequire(import.meta.url)
const exports = require(join(build, 'asan', 'sandpiper.node'))
// Whoever asks for the addon gets this one.
const usual = join(build, 'sandpiper.node')
require.cache[usual] = { id: usual, filename: usual, loaded: true, exports }

const { createLauncher, tryLockFile } = await import('../dist/native/lib/index.js')
const { makeTestRoot } = await import('../dist/native/lib/testing/busybox-root.js')
const { openIds } = await import('../dist/runner/ids.js')

const testRoot = await makeTestRoot()
try {
  await lockTwice(join(testRoot.directory, 'lock'))
  await runSandboxes()
} finally {
  await testRoot.remove()
}
console.log('the addon had nothing for the sanitizers to find')

async function lockTwice(file) {
  const lock = tryLockFile(file)
  if (lock === null) throw new Error('a new lock file is locked')
  await lock.release()
  await tryLockFile(file)?.remove()
}

/** Through compiled filter, spawned launcher, frames in both directions, and descriptors that are passed. */
async function runSandboxes() {
  const launcher = await createLauncher({ cgroupParent: `sandpiper/sanitized-${process.pid}` })
  const ids = await openIds({ tryLockFile }).acquire()
  try {
    const stage = await launcher.createStage({ ids: { start: ids.start, count: ids.count } })
    const runs = Array.from({ length: SANDBOXES }, (_none, index) => runOne(stage, index))
    await Promise.all(runs)
    await stage.destroy()
  } finally {
    await launcher.close()
    await ids.release()
  }
}

async function runOne(stage, index) {
  const command = index % 4 === 0 ? ['/bin/missing'] : ['/bin/sh', '-c', `echo ${index}`]
  const sandbox = await stage.start(await specOf(command, index)).catch((error) => error)
  if (sandbox instanceof Error) {
    if (sandbox.code === 'ENOENT' && index % 4 === 0) return
    throw sandbox
  }
  let output = ''
  for await (const chunk of sandbox.output) output += chunk
  const { code } = await sandbox.exit
  if (code !== 0 || output !== `${index}\n`) throw new Error(`sandbox ${index}: ${code} ${output}`)
}

async function specOf(argv, index) {
  const root = { lowers: [{ path: testRoot.lower }], ...(await testRoot.makeWritable()) }
  const rest = { binds: [], env: { PATH: '/bin' }, cwd: '/', hostname: 'sanitized', limits: {} }
  return { name: `sanitized-${index}`, root, argv, ...rest }
}
