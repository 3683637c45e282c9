import { chmod, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import fc from 'fast-check'
import { SandpiperError } from '../../../protocol/errors.js'
import { REAL_TIMING } from '../http/timing.js'
import { until } from '../../testing/until.js'
import { parseDockerConfig, type DockerConfig } from './docker-config.js'
import { askHelper } from './helper.js'
import { keysFor, registryKey } from './keys.js'
import { Keychain } from './keychain.js'

const AUTH = Buffer.from('piper:sand:piper').toString('base64')
const LOGIN = { kind: 'basic', username: 'piper', password: 'sand:piper' }

function config(value: object, source = 'config.json'): DockerConfig {
  return parseDockerConfig(JSON.stringify(value), source)
}

describe('the keys of a config.json', () => {
  test.each([
    ['https://index.docker.io/v1/', 'docker.io'],
    ['index.docker.io', 'docker.io'],
    ['docker.io', 'docker.io'],
    ['registry-1.docker.io', 'docker.io'],
    ['https://registry.example/v2/', 'registry.example'],
    ['http://registry.example:5000', 'registry.example:5000'],
    ['Registry.Example/', 'registry.example'],
    ['registry.example/team/app', 'registry.example/team/app'],
  ])('%s is %s', (text, key) => expect(registryKey(text)).toBe(key))

  test('are looked up from the whole path to the host', () => {
    expect(keysFor('docker.io', 'library/busybox')).toEqual([
      ...['docker.io/library/busybox', 'docker.io/library', 'docker.io'],
    ])
  })
})

describe('a config.json', () => {
  test('has logins as Docker and its kin write them', () => {
    const { logins, helpers, store } = config({
      auths: {
        'https://index.docker.io/v1/': { auth: AUTH, email: 'piper@example' },
        'a.example': { username: 'piper', password: 'sand:piper' },
        'b.example': { auth: AUTH, identitytoken: 'refresh' },
        'c.example': { registrytoken: 'bearer' },
        'd.example': {},
      },
      credHelpers: { 'e.example': 'ecr-login' },
      credsStore: 'secretservice',
      HttpHeaders: { 'User-Agent': 'Docker-Client' },
    })
    expect(Object.fromEntries(logins)).toEqual({
      'docker.io': LOGIN,
      'a.example': LOGIN,
      'b.example': { kind: 'identity', token: 'refresh' },
      'c.example': { kind: 'bearer', token: 'bearer' },
    })
    expect(Object.fromEntries(helpers)).toEqual({ 'e.example': 'ecr-login' })
    expect(store).toBe('secretservice')
  })

  test('may be of the older form, or have no credentials', () => {
    expect([...config({ 'https://a.example/v1/': { auth: AUTH } }).logins.keys()]).toEqual([
      'a.example',
    ])
    expect(config({ HttpHeaders: { 'X-Meta': 'x' } }).logins.size).toBe(0)
    expect(config({}).logins.size).toBe(0)
  })

  test.each<[string, string]>([
    ['{"auths": {"a.example": {"auth": "s3cr3t"', 'no JSON'],
    ['[]', 'no object'],
    ['{"auths": []}', 'auths is no object'],
    ['{"auths": {"a.example": "s3cr3t"}}', 'auths["a.example"] is no object'],
    ['{"auths": {"a.example": {"auth": "s3cr3t!"}}}', 'base64 of USER:PASSWORD'],
    ['{"auths": {"a.example": {"auth": "czNjcjN0"}}}', 'base64 of USER:PASSWORD'],
    ['{"auths": {"a.example": {"auth": 7}}}', 'auth of auths["a.example"] is no text'],
    ['{"auths": {"s3cr3t as a key\\n": 7}}', 'an entry of auths is no object'],
    ['{"auths": {"a.example": {"username": "u", "pasword": "s3cr3t"}}}', 'and no password'],
    ['{"auth": {"a.example": {"auth": "czNjcjN0"}}}', '`auth` for `auths`'],
    ['{"credHelpers": {"a.example": "../../bin/sh"}}', 'credential helper'],
    ['{"credsStore": "-x"}', 'credential helper'],
  ])('that is %s is refused with its name and without its text', (text, why) => {
    const read = (): unknown => parseDockerConfig(text, 'secret dockerconfig')
    expect(read).toThrow(SandpiperError)
    expect(read).toThrow(why)
    expect(read).toThrow('secret dockerconfig')
    expect(read).not.toThrow(/s3cr3t|czNjcjN0/)
  })

  test('never fails in another way, whatever is in it', () => {
    const value = fc.oneof(
      fc.json(),
      fc.string(),
      fc.record({ auths: fc.anything() }).map((one) => JSON.stringify(one)),
    )
    fc.assert(
      fc.property(value, (text) => {
        try {
          parseDockerConfig(text, 'x')
        } catch (error) {
          expect(error).toMatchObject({ code: 'SP_REGISTRY_CREDENTIALS' })
        }
      }),
    )
  })
})

describe('a credential helper', () => {
  let directory: string
  let environment: NodeJS.ProcessEnv

  beforeAll(async () => {
    directory = await mkdtemp(path.join(tmpdir(), 'sandpiper-helpers-'))
    environment = { PATH: `${directory}:${process.env['PATH'] ?? ''}` }
    await helper(
      'good',
      `read host; echo "$host" >> ${directory}/asked; echo '{"Username":"piper","Secret":"sand:piper"}'`,
    )
    await helper('token', `echo '{"Username":"<token>","Secret":"refresh"}'`)
    await helper('none', `echo 'credentials not found in native keychain'; exit 1`)
    await helper('broken', `echo 's3cr3t' >&2; echo s3cr3t; exit 3`)
    await helper('nonsense', `echo s3cr3t`)
    await helper('endless', `yes s3cr3t`)
    await helper('slow', `sleep 1000 & echo $! > ${directory}/pid; wait`)
  })

  afterAll(async () => {
    await rm(directory, { recursive: true, force: true })
  })

  async function helper(name: string, script: string): Promise<void> {
    const file = path.join(directory, `docker-credential-${name}`)
    await writeFile(file, `#!/bin/sh\n${script}\n`)
    await chmod(file, 0o755)
  }

  test('gives a password, a token, or nothing', async () => {
    expect(await askHelper('good', 'a.example', { environment })).toEqual(LOGIN)
    expect(await askHelper('token', 'a.example', { environment })).toEqual({
      kind: 'identity',
      token: 'refresh',
    })
    expect(await askHelper('none', 'a.example', { environment })).toBeNull()
  })

  test.each([
    ['broken', 'ended with 3'],
    ['nonsense', 'no JSON'],
    ['endless', 'more than'],
    ['missing', 'there is no such program'],
  ])('that is %s is told by its name, without what it printed', async (name, why) => {
    const error: unknown = await askHelper(name, 'a.example', { environment }).catch(
      (one: unknown) => one,
    )
    expect(error).toMatchObject({ code: 'SP_REGISTRY_CREDENTIALS' })
    expect(String(error)).toContain(`docker-credential-${name}`)
    expect(String(error)).toContain(why)
    expect(String(error)).not.toContain('s3cr3t')
  })

  test('that takes too long ends with all that it started', async () => {
    await expect(
      askHelper('slow', 'a.example', { environment, timeoutMs: 1000 }),
    ).rejects.toMatchObject({
      code: 'SP_REGISTRY_CREDENTIALS',
      message: expect.stringContaining('took more than'),
    })
    const pid = Number(await readFile(path.join(directory, 'pid'), 'utf8'))
    await until('the end of what it started', () => !isAlive(pid))
  })

  test('that nobody waits for any more ends at once', async () => {
    const controller = new AbortController()
    const asked = askHelper('slow', 'a.example', { environment, signal: controller.signal })
    controller.abort(new Error('enough'))
    await expect(asked).rejects.toThrow('enough')
  })

  test('is run for files of the operator, once a minute, and never for those of a request', async () => {
    let now = 0
    const timing = { ...REAL_TIMING, now: () => now }
    const file = config({ credHelpers: { 'a.example': 'good' } })
    const request = { host: 'a.example', repository: 'app', credentials: [] }
    const own = new Keychain([file], timing, environment)
    for (const time of [0, 59_000, 61_000]) {
      now = time
      expect(await own.find(request)).toEqual({ login: LOGIN, source: 'docker-credential-good' })
    }
    const asked = (await readFile(path.join(directory, 'asked'), 'utf8')).split('\n')
    expect(asked.filter((line) => line === 'a.example')).toHaveLength(3)
    const none = new Keychain([], timing, environment)
    expect(await none.find({ ...request, credentials: [file] })).toBeNull()
    const store = config({ credsStore: 'good' })
    expect(await none.find({ ...request, credentials: [store] })).toBeNull()
  })

  test('of the whole file is known under the name that Docker has for its registry', async () => {
    const own = new Keychain([config({ credsStore: 'good' })], REAL_TIMING, environment)
    const request = { host: 'docker.io', repository: 'library/busybox', credentials: [] }
    expect((await own.find(request))?.login).toEqual(LOGIN)
    const asked = (await readFile(path.join(directory, 'asked'), 'utf8')).trim().split('\n')
    expect(asked.at(-1)).toBe('https://index.docker.io/v1/')
  })
})

describe('the credentials of a repository', () => {
  const login = (password: string): object => ({ username: 'piper', password })

  test('are those of the request before those of the operator, and of the longest path', async () => {
    const own = config({ auths: { 'a.example': login('own') } })
    const keychain = new Keychain([own], REAL_TIMING)
    const secret = config({
      auths: {
        'a.example': login('host'),
        'a.example/team': login('team'),
        'b.example': login('b'),
      },
    })
    const find = async (
      host: string,
      repository: string,
      credentials: readonly DockerConfig[],
    ): Promise<unknown> => {
      const found = await keychain.find({ host, repository, credentials })
      return found && (found.login as { readonly password?: string }).password
    }
    expect(await find('a.example', 'team/app', [secret])).toBe('team')
    expect(await find('a.example', 'teams/app', [secret])).toBe('host')
    expect(await find('a.example', 'team/app', [])).toBe('own')
    expect(await find('a.example:5000', 'team/app', [secret])).toBeNull()
    expect(await find('evil-a.example', 'app', [secret])).toBeNull()
  })
})

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch {
    return false
  }
}
