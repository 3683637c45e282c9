import { afterEach, beforeEach, describe, expect, it } from '@jest/globals'
import { execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import {
  chmod,
  cp,
  mkdir,
  mkdtemp,
  readFile,
  rm,
  symlink,
  truncate,
  writeFile,
} from 'node:fs/promises'
import os from 'node:os'
import path from 'node:path'
import { promisify } from 'node:util'

/** The real program, as a user calls it. */
const program = path.resolve(__dirname, '../bin/sandpiper')
let dir: string

beforeEach(async () => {
  dir = await mkdtemp(path.join(os.tmpdir(), 'sp-test-cli-'))
})

afterEach(() => rm(dir, { recursive: true, force: true }))

interface Ended {
  readonly code: number | null
  readonly stdout: string
  readonly stderr: string
}

async function sandpiper(
  args: readonly string[],
  env: Record<string, string> = {},
  run = program,
): Promise<Ended> {
  const child = spawn(process.execPath, [run, ...args], {
    cwd: dir,
    env: {
      PATH: process.env['PATH'] ?? '',
      HOME: dir,
      SANDPIPER_DATA: path.join(dir, 'data'),
      ...env,
    },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  let stdout = ''
  let stderr = ''
  child.stdout.on('data', (data: Buffer) => (stdout += data.toString()))
  child.stderr.on('data', (data: Buffer) => (stderr += data.toString()))
  const [code] = (await once(child, 'close')) as [number | null]
  return { code, stdout, stderr }
}

/** Every command of the surface that others script against. */
const COMMANDS = [
  'standalone',
  'server',
  'runner',
  'exec',
  'lint',
  'plan',
  'convert',
  'doctor',
  'repo add',
  'repo ls',
  'token ls',
  'token create',
  'token revoke',
  'repo show',
  'repo set',
  'repo rm',
  'hook install',
  'hook send',
  'build ls',
  'build show',
  'build logs',
  'build cancel',
  'build restart',
  'image import',
  'image pull',
  'image ls',
  'image inspect',
  'image pin',
  'image unpin',
  'image rm',
  'image prune',
  'image verify',
]

describe('every command', () => {
  it.each(COMMANDS)('%s has --help with an example and --json', async (command) => {
    const { code, stdout, stderr } = await sandpiper([...command.split(' '), '--help'])
    expect(code).toBe(0)
    expect(stderr).toBe('')
    expect(stdout).toContain(`Usage: sandpiper ${command}`)
    expect(stdout).toContain('--json')
    expect(stdout).toMatch(new RegExp(`Example:\n.*sandpiper ${command}`))
  })

  it('tells the version of the package', async () => {
    const packageJson = await readFile(path.resolve(__dirname, '../package.json'), 'utf8')
    const { version } = JSON.parse(packageJson) as { version: string }
    const ended = await sandpiper(['--version'])
    expect(ended).toEqual({ code: 0, stdout: `${version}\n`, stderr: '' })
  })
})

describe('usage errors', () => {
  it.each([
    [[], /^error: a command is missing\nhint: /],
    [['standalon'], /^error: unknown command 'standalon'.*standalone/],
    [['build'], /^error: a command is missing/],
    [['build', 'show', 'octo/hello'], /^error: missing required argument 'number'/],
    [['build', 'show', 'octo', '1'], /^error: `octo` is no repo\nhint: /],
    [['build', 'show', 'octo/hello', '0'], /no build number/],
    [['repo', 'ls', '--nonsense'], /^error: unknown option '--nonsense'/],
    [['repo', 'ls', 'extra'], /^error: too many arguments/],
    [['repo', 'add', 'octo/hello'], /--clone-url is missing/],
    [
      ['repo', 'set', 'octo/hello', 'colour=red'],
      /^error: `colour` is no setting\nhint: .*timeout/,
    ],
    [['repo', 'set', 'octo/hello', 'timeout=x'], /^error: timeout is a number, not `x`/],
    [['repo', 'set', 'octo/hello', 'forge_token=x'], /^error: forge_token is a secret\nhint: /],
    [['image', 'import', 'x', '--busybox', '--dir', '/'], /exactly one of/],
    [['hook', 'install', '.'], /--repo is missing/],
    [['exec', 'nowhere/pipeline.yml'], /can't read .*nowhere\/pipeline.yml/],
    [['exec', '--event', 'earthquake'], /unknown --event/],
    [['lint'], /no pipeline file here: looked for \.pipeline\.yml, \.drone\.yml/],
    [['plan', 'nowhere.yml'], /can't read .*nowhere\.yml/],
    [['plan', '--event', 'push', '--tag', 'v1'], /--tag says nothing of the event push/],
    [['plan', '--param', 'alone'], /--param alone has no name and value/],
    [['plan', '--repo', 'hello'], /`hello` is no repo/],
    [['runner'], /SANDPIPER_REDIS_URL/],
    [['standalone', '--listen', 'nowhere'], /--listen=nowhere: must be an address/],
  ])('%j ends with exit code 2 and says what and what next', async (args, message) => {
    const { code, stdout, stderr } = await sandpiper(args)
    expect(stderr).toMatch(message)
    expect(stderr).toMatch(/\nhint: /)
    expect(stdout).toBe('')
    expect(code).toBe(2)
  })

  it('refuses an unknown variable with the nearest known one, as JSON when asked', async () => {
    const env = { SANDPIPER_LISTNE: '1' }
    const { code, stderr, stdout } = await sandpiper(['repo', 'ls', '--json'], env)
    const { error } = JSON.parse(stderr) as { error: Record<string, string> }
    expect(error['code']).toBe('SP_CONFIG_INVALID')
    expect(error['message']).toBe('SANDPIPER_LISTNE is no setting: did you mean SANDPIPER_LISTEN?')
    expect(error['hint']).not.toBe('')
    expect(stdout).toBe('')
    expect(code).toBe(2)
  })
})

describe('set-up problems', () => {
  it("does not let a pusher's variables keep the hook from telling", async () => {
    const { stderr } = await sandpiper(['hook', 'send', '--config', 'none.json'], {
      SANDPIPER_X: '1',
    })
    expect(stderr).toMatch(/^error: can't use .*none\.json: ENOENT/)
  })

  it('ends with exit code 3 when no server is found', async () => {
    const { code, stderr } = await sandpiper(['repo', 'ls'])
    expect(stderr).toMatch(/^error: no Sandpiper server found.*\nhint: start one/)
    expect(code).toBe(3)
  })

  it('ends with exit code 3 when the server does not answer', async () => {
    const env = { SANDPIPER_SERVER: 'http://127.0.0.1:1', SANDPIPER_TOKEN: 'x' }
    const { code, stderr } = await sandpiper(['build', 'ls', 'octo/hello'], env)
    expect(stderr).toMatch(/^error: can't reach http:\/\/127.0.0.1:1.*\nhint: /)
    expect(code).toBe(3)
  })

  it('says how to build a clone that is not built yet', async () => {
    await mkdir(path.join(dir, 'bin'))
    const copy = path.join(dir, 'bin/sandpiper')
    await cp(program, copy)
    await chmod(copy, 0o755)
    await writeFile(path.join(dir, 'package.json'), '{"type":"module"}')
    const { code, stderr } = await sandpiper(['--version'], {}, copy)
    expect(stderr).toMatch(/^error: Sandpiper is not built yet.*\nhint: cd .* && npm run setup\n$/)
    expect(code).toBe(3)
  })
})

describe('sandpiper lint', () => {
  const good = 'kind: pipeline\ntype: exec\nname: a\nsteps: [{ name: s, commands: [echo] }]\n'

  it('passes a good file', async () => {
    await writeFile(path.join(dir, 'good.yml'), good)
    expect(await sandpiper(['lint', 'good.yml'])).toEqual({
      code: 0,
      stdout: 'good.yml: ok\n',
      stderr: '',
    })
  })

  it('shows file, line and column of what is wrong, and ends with exit code 1', async () => {
    await writeFile(path.join(dir, 'good.yml'), good)
    await writeFile(path.join(dir, 'bad.yml'), good.replace('steps:', 'stepz:'))
    const { code, stdout } = await sandpiper(['lint', 'good.yml', 'bad.yml'])
    expect(stdout).toMatch(/^bad\.yml:4:1: error SP_PIPELINE_UNKNOWN_KEY: /m)
    expect(code).toBe(1)
    const json = await sandpiper(['lint', '--json', 'good.yml', 'bad.yml'])
    expect(json.code).toBe(1)
    expect(JSON.parse(json.stdout)).toMatchObject([
      { file: 'good.yml', ok: true, diagnostics: [] },
      { file: 'bad.yml', ok: false },
    ])
  })

  it('ends with exit code 2 for a file that is not there', async () => {
    expect((await sandpiper(['lint', 'none.yml'])).code).toBe(2)
  })

  it.each<[string, (file: string) => Promise<unknown>, RegExp]>([
    ['a pipe', (file) => promisify(execFile)('mkfifo', [file]), /not a regular file/],
    ['a link to a device', (file) => symlink('/dev/zero', file), /symbolic link/],
    ['a link to a file', (file) => symlink('good.yml', file), /symbolic link/],
    ['a directory without pipeline files', (file) => mkdir(file), /no \.yml or \.yaml file/],
  ])('refuses %s with exit code 2', async (what, make, message) => {
    const name = `${what.replaceAll(' ', '-')}.yml`
    await writeFile(path.join(dir, 'good.yml'), good)
    await make(path.join(dir, name))
    const { code, stdout, stderr } = await sandpiper(['lint', name])
    expect(stderr).toMatch(message)
    expect(stdout).toBe('')
    expect(code).toBe(2)
  })

  it('leaves it to the compiler to refuse a file that is too long, and reads no more of it', async () => {
    const file = path.join(dir, 'long.yml')
    await writeFile(file, '#')
    await truncate(file, 2 ** 40)
    const { code, stdout } = await sandpiper(['lint', 'long.yml'])
    expect(stdout).toMatch(/^long\.yml:1:1: error SP_PIPELINE_TOO_LARGE: /m)
    expect(code).toBe(1)
  })
})
