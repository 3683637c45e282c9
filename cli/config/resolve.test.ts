import { afterAll, beforeAll, describe, expect, it } from '@jest/globals'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { replaceSettingsTable } from './markdown.js'
import { resolveSettings } from './resolve.js'
import { allSettings, settingsOf } from './settings.js'

const none = { env: {}, flags: {} }

describe('resolveSettings', () => {
  it('lets a flag win over its variable and a variable over the default', () => {
    const env = { SANDPIPER_LEASE: '10s' }
    expect(resolveSettings({ ...none, scope: 'server' }).lease).toBe(30_000)
    expect(resolveSettings({ env, flags: {}, scope: 'server' }).lease).toBe(10_000)
    expect(resolveSettings({ env, flags: { lease: '5s' }, scope: 'server' }).lease).toBe(5_000)
  })

  it('counts an empty variable as not set', () => {
    const settings = resolveSettings({ env: { SANDPIPER_DATA: '' }, flags: {}, scope: 'server' })
    expect(settings.data).toBeUndefined()
  })

  it('leaves settings of other commands alone', () => {
    const env = { SANDPIPER_LEASE: 'nonsense' }
    expect(resolveSettings({ env, flags: {}, scope: 'client' }).lease).toBeUndefined()
  })

  it.each([
    ['LISEN', 'LISTEN'],
    ['MEMRY', 'STEP_MEMORY'],
    ['DISK', 'STEP_DISK'],
    ['MEMORY_MAX', 'STEP_MEMORY_MAX'],
    ['STEP_PID', 'STEP_PIDS'],
  ])('refuses an unknown variable with the nearest known one: %s, %s', (unknown, known) => {
    const env = { [`SANDPIPER_${unknown}`]: '1' }
    expect(() => resolveSettings({ env, flags: {}, scope: 'client' })).toThrow(
      `SANDPIPER_${unknown} is no setting: did you mean SANDPIPER_${known}?`,
    )
  })

  it('names no setting that is not near', () => {
    const env = { SANDPIPER_COLOUR_SCHEME: 'dark' }
    expect(() => resolveSettings({ env, flags: {}, scope: 'client' })).toThrow(
      'SANDPIPER_COLOUR_SCHEME is no setting, and none has a name like it',
    )
  })

  it('knows a misspelt limit from the variables that steps are given', () => {
    const env = { SANDPIPER_STEP: 'unit', SANDPIPER_BUILD_NUMBER: '7' }
    expect(() => resolveSettings({ env, flags: {}, scope: 'client' })).not.toThrow()
    const misspelt = { SANDPIPER_STEP_MEMROY: '1g' }
    expect(() => resolveSettings({ env: misspelt, flags: {}, scope: 'client' })).toThrow(
      'did you mean SANDPIPER_STEP_MEMORY?',
    )
  })

  it.each(['step-memory', 'step-disk', 'stage-workspace', 'step-disk-max'])(
    'refuses a size that no step can run with, and says from where on one can: --%s',
    (flag) => {
      const resolve = (value: string) => () =>
        resolveSettings({ env: {}, flags: { [flag]: value }, scope: 'exec' })
      expect(resolve('0')).toThrow(`--${flag}=0: must be a size from 1m to `)
      expect(resolve('1m')).not.toThrow()
    },
  )

  it('tells all problems at once, and no secret with them', () => {
    const env = {
      SANDPIPER_LEASE: '30',
      SANDPIPER_REDIS_URL: 'http://user:hunter2@host',
      SANDPIPER_TYPO: '1',
    }
    const resolve = () => resolveSettings({ env, flags: { listen: 'nowhere' }, scope: 'server' })
    expect(resolve).toThrow(/^4 problems/)
    expect(resolve).toThrow(/SANDPIPER_LEASE=30: must be a time/)
    expect(resolve).toThrow(/--listen=nowhere: must be an address/)
    expect(resolve).not.toThrow(/hunter2/)
  })
})

it('tells what does not fit together with all the rest', () => {
  const env = {
    SANDPIPER_HEARTBEAT: '20s',
    SANDPIPER_LEASE: '30s',
    SANDPIPER_DATABASE_PASSWORD: 'hunter2',
    SANDPIPER_S3_BUCKET: 'logs',
    SANDPIPER_ADMINS: 'github:ada,bitbucket:eve',
  }
  const resolve = () => resolveSettings({ env, flags: {}, scope: 'standalone' })
  expect(resolve).toThrow(/^5 problems/)
  expect(resolve).toThrow(
    /SANDPIPER_ADMINS: github:ada can not sign in, as SANDPIPER_GITHUB_CLIENT_ID is not set/,
  )
  expect(resolve).toThrow(/bitbucket:eve can not sign in, as only people of/)
  expect(resolve).toThrow(/SANDPIPER_HEARTBEAT must be at most half of SANDPIPER_LEASE/)
  expect(resolve).toThrow(/SANDPIPER_DATABASE_PASSWORD does nothing without/)
  expect(resolve).toThrow(/SANDPIPER_S3_URL is missing/)
})

describe('a secret in a file', () => {
  let directory = ''
  beforeAll(async () => {
    directory = await mkdtemp(path.join(tmpdir(), 'sandpiper-settings-'))
    await writeFile(path.join(directory, 'token'), 'hunter2\n')
    await writeFile(path.join(directory, 'empty'), '\n')
  })
  afterAll(() => rm(directory, { recursive: true }))
  const resolve = (env: Record<string, string>) => () =>
    resolveSettings({ env, flags: {}, scope: 'server' })
  const file = (name: string): string => path.join(directory, name)

  it('is the value, without the end of its line', () => {
    const settings = resolve({ SANDPIPER_ADMIN_TOKEN_FILE: file('token') })()
    expect(settings.adminToken).toBe('hunter2')
  })

  it('is refused beside a value, when it is not there, empty or for no secret', () => {
    const both = { SANDPIPER_ADMIN_TOKEN: 'x', SANDPIPER_ADMIN_TOKEN_FILE: file('token') }
    expect(resolve(both)).toThrow('set it or SANDPIPER_ADMIN_TOKEN_FILE, not both')
    expect(resolve({ SANDPIPER_ADMIN_TOKEN_FILE: file('none') })).toThrow(
      /SANDPIPER_ADMIN_TOKEN_FILE: can't be read: .*ENOENT/,
    )
    expect(resolve({ SANDPIPER_ADMIN_TOKEN_FILE: file('empty') })).toThrow('the file is empty')
    expect(resolve({ SANDPIPER_LISTEN_FILE: file('token') })).toThrow('is no setting')
  })
})

describe('the table of settings', () => {
  it('has no name or flag twice, and defaults that are valid', () => {
    const names = allSettings().map(([, { env }]) => env)
    expect(new Set(names).size).toBe(names.length)
    const flags = allSettings().flatMap(([, { flag }]) => (flag === undefined ? [] : [flag]))
    expect(new Set(flags).size).toBe(flags.length)
    for (const scope of ['standalone', 'server', 'runner', 'exec', 'client', 'scripts'] as const) {
      expect(() => resolveSettings({ ...none, scope })).not.toThrow()
      expect(settingsOf(scope).length).toBeGreaterThan(0)
    }
  })

  it('stands in the README as it is (else: npm run docs)', async () => {
    const readme = await readFile(path.resolve(__dirname, '../../README.md'), 'utf8')
    expect(readme).toBe(replaceSettingsTable(readme))
  })
})
