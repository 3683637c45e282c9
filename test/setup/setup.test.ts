import { afterEach, beforeEach, describe, expect, it } from '@jest/globals'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { chmod, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import os from 'node:os'
import path from 'node:path'
import { pathToFileURL } from 'node:url'

/**
 * The parts of `npm run setup`, each called as setup.mjs calls it. dpkg and apt-get are stand-ins on the PATH that
 * keep a list of installed packages: a test must not install anything on the machine it runs on.
 */
const scripts = path.resolve(__dirname, '../../scripts/lib')
let dir: string
let bin: string

beforeEach(async () => {
  dir = await mkdtemp(path.join(os.tmpdir(), 'sp-test-setup-'))
  bin = path.join(dir, 'bin')
  await mkdir(bin)
  await writeFile(path.join(dir, 'installed'), 'git\nutil-linux\nmake\n')
  await tool(
    'dpkg-query',
    'shift 3; for name; do grep -qx "$name" "$DIR/installed" && echo "$name installed"; done; true',
  )
  await tool(
    'apt-get',
    `echo "$*" >> "$DIR/calls"
     case " $* " in
       *update*) touch "$DIR/updated" ;;
       *" -s "*) cat "$DIR/simulation" 2>/dev/null || true ;;
       *) if [ -e "$DIR/stale" ] && ! [ -e "$DIR/updated" ]; then echo "404 Not Found"; exit 100; fi
          for name; do echo "$name" >> "$DIR/installed"; done ;;
     esac`,
  )
  await tool('sudo', 'exec "$@"')
})

afterEach(() => rm(dir, { recursive: true, force: true }))

async function tool(name: string, script: string): Promise<void> {
  const file = path.join(bin, name)
  await writeFile(file, `#!/bin/sh\n${script}\n`)
  await chmod(file, 0o755)
}

/** Runs a piece of code against one of the modules, in a Node of its own as the set-up is. */
async function call(
  module: string,
  code: string,
): Promise<{ code: number | null; output: string }> {
  const url = pathToFileURL(path.join(scripts, `${module}.mjs`)).href
  const report = pathToFileURL(path.join(scripts, 'report.mjs')).href
  const source = `
    import * as it from '${url}'
    import { fail } from '${report}'
    try { ${code} } catch (error) { fail(error, 'set-up') }`
  const child = spawn(process.execPath, ['--input-type=module', '-e', source], {
    env: { PATH: `${bin}:${process.env['PATH'] ?? ''}`, DIR: dir },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  let output = ''
  for (const stream of [child.stdout, child.stderr]) {
    stream.on('data', (data: Buffer) => (output += data.toString()))
  }
  const [exitCode] = (await once(child, 'close')) as [number | null]
  return { code: exitCode, output }
}

const install = `console.log('installed', (await it.installPackages(['run', 'build'])).join(' '))`

describe('installing Debian packages', () => {
  it('says what is missing and why, and installs just that', async () => {
    const { code, output } = await call('packages', install)
    expect(output).toMatch(/redis-server +the queue between server and runner/)
    expect(output).not.toMatch(/^ {2}git /m)
    expect(output).toContain('uidmap passt nftables iproute2 g++ libseccomp-dev libzstd-dev\n')
    expect(code).toBe(0)
  })

  it('does nothing at all when nothing is missing', async () => {
    await call('packages', install)
    await rm(path.join(dir, 'calls'))
    expect(await call('packages', install)).toEqual({ code: 0, output: 'installed \n' })
    await expect(readFile(path.join(dir, 'calls'))).rejects.toThrow('ENOENT')
  })

  it('refreshes stale package lists once and goes on', async () => {
    await writeFile(path.join(dir, 'stale'), '')
    const { code, output } = await call('packages', install)
    expect(output).toContain('installed redis-server')
    expect(code).toBe(0)
    expect(await readFile(path.join(dir, 'calls'), 'utf8')).toContain('update')
  })

  it('ends with exit code 3 and the end of the log when apt-get fails', async () => {
    await tool('apt-get', 'echo "E: no space left"; exit 100')
    const { code, output } = await call('packages', install)
    expect(output).toContain('| E: no space left')
    expect(output).toMatch(/error: set-up: apt-get .*failed with exit code 100\nhint: /)
    expect(code).toBe(3)
  })

  it('lets apt-get remove nothing of the machine but busybox', async () => {
    await writeFile(path.join(dir, 'simulation'), 'Remv busybox [1:1.35]\n')
    expect((await call('packages', install)).output).toContain('takes the place of busybox')
    await writeFile(path.join(dir, 'installed'), 'git\n')
    await writeFile(path.join(dir, 'simulation'), 'Remv busybox [1]\nRemv precious [1]\n')
    const { code, output } = await call('packages', install)
    expect(output).toContain('would remove packages of this machine: precious')
    expect(code).toBe(3)
  })
})

describe('npm packages', () => {
  async function tree(locked: object, installed: object | null): Promise<string> {
    const packages = (entries: object): string => JSON.stringify({ packages: entries })
    await writeFile(path.join(dir, 'package-lock.json'), packages({ '': {}, ...locked }))
    await mkdir(path.join(dir, 'node_modules'))
    if (installed !== null) {
      await writeFile(path.join(dir, 'node_modules/.package-lock.json'), packages(installed))
    }
    const code = `console.log(it.npmTreeMatchesLock(process.env.DIR))`
    return (await call('build', code)).output.trim()
  }

  const a = { 'node_modules/a': { version: '1.0.0' } }

  it('are there when they are what the lock file says', async () => {
    const optional = { 'node_modules/mac-only': { version: '1.0.0', optional: true } }
    expect(await tree({ ...a, ...optional }, a)).toBe('true')
  })

  it.each([
    ['the installation was cut off', null],
    ['one is missing', {}],
    ['one has another version', { 'node_modules/a': { version: '1.0.1' } }],
  ])('are not there when %s', async (_what, installed) => {
    expect(await tree(a, installed)).toBe('false')
  })
})

describe('the lock', () => {
  it('makes a second set-up wait for the first', async () => {
    const file = JSON.stringify(path.join(dir, '.setup/lock'))
    const log = JSON.stringify(path.join(dir, 'order'))
    const hold = (name: string) => `
      const { appendFileSync } = await import('node:fs')
      it.lockSetup(${file})
      appendFileSync(${log}, '${name} in\\n')
      await new Promise((resolve) => setTimeout(resolve, 300))
      appendFileSync(${log}, '${name} out\\n')`
    const results = await Promise.all([call('lock', hold('a')), call('lock', hold('a'))])
    expect(results.map(({ code }) => code)).toEqual([0, 0])
    expect(
      results.filter(({ output }) => output.includes('another set-up is running')),
    ).toHaveLength(1)
    expect(await readFile(path.join(dir, 'order'), 'utf8')).toBe('a in\na out\na in\na out\n')
  })
})
