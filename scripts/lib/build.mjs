import { createHash } from 'node:crypto'
import { existsSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { phase } from './report.mjs'
import { must, run } from './run.mjs'

/** Installs the npm packages unless node_modules already is what the lock file says. */
export async function installNpmPackages(root) {
  if (npmTreeMatchesLock(root)) return false
  await phase('npm ci', () =>
    // No package needs its install script here (all are prebuilt or plain JavaScript), so none runs.
    must('npm', ['ci', '--ignore-scripts', '--no-audit', '--no-fund', '--loglevel=error'], {
      cwd: root,
      env: { NODE_ENV: 'development' },
      what: 'npm ci',
      hint: 'check the network and `npm config get registry`, then run it again',
    }),
  )
  return true
}

/**
 * npm writes node_modules/.package-lock.json last, so a cut-off installation has none. An optional
 * package may be absent: npm leaves out those for other platforms.
 */
export function npmTreeMatchesLock(root) {
  const hidden = join(root, 'node_modules', '.package-lock.json')
  if (!existsSync(hidden)) return false
  const installed = JSON.parse(readFileSync(hidden, 'utf8')).packages
  const locked = JSON.parse(readFileSync(join(root, 'package-lock.json'), 'utf8')).packages
  return Object.entries(locked).every(([path, entry]) => {
    if (path === '') return true
    const found = installed[path]
    return found ? found.version === entry.version : entry.optional === true
  })
}

/** Builds launcher and addon; make decides what is out of date. @returns whether anything was built */
export async function buildNative(root) {
  const native = join(root, 'native')
  if (!existsSync(join(native, 'Makefile'))) return false
  const upToDate = await run('make', ['-C', native, '--silent', '-q'])
  if (upToDate.code === 0) return false
  await phase('native build', () =>
    must('make', ['-C', native, '--silent', '-j2'], {
      what: 'the native build',
      hint: `run it by hand: make -C native`,
    }),
  )
  return true
}

/** Compiles the TypeScript into dist/ unless no source has changed since it was last done. */
export async function buildTypeScript(root) {
  const stamp = join(root, '.setup', 'tsc')
  const now = sourcesFingerprint(root)
  const built = existsSync(join(root, 'dist', 'cli', 'main.js'))
  if (built && existsSync(stamp) && readFileSync(stamp, 'utf8') === now) return false
  await phase('TypeScript build', () =>
    must(process.execPath, [join(root, 'node_modules/typescript/bin/tsc'), '-p', 'tsconfig.json'], {
      cwd: root,
      what: 'the TypeScript build',
      hint: 'the lines above say where; `npx tsc --noEmit` shows them again',
    }),
  )
  mkdirSync(join(root, '.setup'), { recursive: true })
  writeFileSync(stamp, now)
  return true
}

/** Hash of names, sizes and change times of what goes into dist/. */
function sourcesFingerprint(root) {
  const hash = createHash('sha256')
  const { include } = JSON.parse(readFileSync(join(root, 'tsconfig.json'), 'utf8'))
  const add = (path) => {
    const { size, mtimeMs } = statSync(path)
    hash.update(`${path}\0${size}\0${mtimeMs}\n`)
  }
  for (const file of ['tsconfig.json', 'package-lock.json']) add(join(root, file))
  for (const directory of include) {
    if (!existsSync(join(root, directory))) continue
    const files = readdirSync(join(root, directory), { recursive: true, encoding: 'utf8' })
    const sources = files.filter((file) => /\.[cm]?ts$/.test(file)).sort()
    for (const file of sources) add(join(root, directory, file))
  }
  return hash.digest('hex')
}
