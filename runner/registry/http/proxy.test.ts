import { createHash, randomBytes } from 'node:crypto'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { Readable } from 'node:stream'
import { inspect } from 'node:util'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from '@jest/globals'
import { parseImageName, type ImageName } from '../../layers/image-name.js'
import { makeCertificates, type TestCertificates } from '../../testing/certificates.js'
import * as faults from '../../testing/hostile-faults.js'
import { HostileRegistry } from '../../testing/hostile-registry.js'
import { TestProxy, type TestProxyOptions } from '../../testing/proxy.js'
import { createRegistries } from '../create-registries.js'
import { parseDockerConfig } from '../credentials/docker-config.js'
import type { RegistriesConfig, Registries, RemoteImage } from '../types.js'

const AMD64 = { os: 'linux', architecture: 'amd64' }
const LAYER = randomBytes(400_000)
const PASSWORD = 'p@ss:word of the proxy'
const LOGIN = `piper:${PASSWORD}`
const IN_URL = `piper:${encodeURIComponent(PASSWORD)}@`

let directory: string
let certificates: TestCertificates
let secure: HostileRegistry
let plain: HostileRegistry
const ends: (() => Promise<void>)[] = []

beforeAll(async () => {
  directory = await mkdtemp(path.join(tmpdir(), 'sandpiper-proxy-'))
  certificates = await makeCertificates(directory)
})

afterAll(async () => {
  await rm(directory, { recursive: true, force: true })
})

beforeEach(async () => {
  secure = await HostileRegistry.start({ certificates })
  plain = await HostileRegistry.start()
  for (const one of [secure, plain]) {
    one.addImage('1', [LAYER])
    ends.push(() => one.stop())
  }
})

afterEach(async () => {
  await Promise.all(ends.splice(0).map((end) => end()))
})

async function startProxy(options: Partial<TestProxyOptions> = {}): Promise<TestProxy> {
  const hosts = {
    'registry.example:443': secure.host,
    'plain.example:443': plain.host,
    'plain.example': plain.host,
  }
  const proxy = await TestProxy.start({ hosts, ...options })
  ends.push(() => proxy.stop())
  return proxy
}

/** Waits take no time. */
function connect(url: string, config: RegistriesConfig = {}): Registries {
  const wait = (_: number, signal?: AbortSignal): Promise<void> => {
    signal?.throwIfAborted()
    return Promise.resolve()
  }
  const registries = createRegistries({
    caFile: certificates.caFile,
    insecure: ['plain.example'],
    proxy: { url, noProxy: [] },
    timing: { now: () => Date.now(), wait, random: () => 0.5 },
    ...config,
  })
  ends.push(() => registries.close())
  return registries
}

const APP = parseImageName('registry.example/app:1')
const PLAIN = parseImageName('plain.example/app:1')

function resolve(registries: Registries, name: ImageName): Promise<RemoteImage> {
  return registries.resolve(name, { platform: AMD64 })
}

async function pull(registries: Registries, name: ImageName): Promise<Buffer> {
  const image = await resolve(registries, name)
  const chunks: Buffer[] = []
  for await (const chunk of registries.openBlob(image, image.layers[0]!)) chunks.push(chunk)
  return Buffer.concat(chunks)
}

describe('a registry behind a proxy', () => {
  test('is spoken to by TLS through a tunnel, and its name is looked up there', async () => {
    const proxy = await startProxy()
    const registries = connect(`http://${proxy.host}`)
    expect((await pull(registries, APP)).equals(LAYER)).toBe(true)
    expect(proxy.requests[0]).toMatchObject({
      method: 'CONNECT',
      target: 'registry.example:443',
      headers: { host: 'registry.example:443' },
    })
    expect(secure.requests.every(({ headers }) => headers.host === 'registry.example')).toBe(true)
  })

  test('gets images as well', async () => {
    const proxy = await startProxy({ login: LOGIN })
    const bytes = randomBytes(2_000_000)
    const digest = `sha256:${createHash('sha256').update(bytes).digest('hex')}`
    const open = (): AsyncIterable<Buffer> => Readable.from([bytes])
    for (const [name, server] of [[APP, secure] as const, [PLAIN, plain] as const]) {
      const registries = connect(`http://${IN_URL}${proxy.host}`)
      const how = await registries.pushBlob(name, { digest, size: bytes.length, open })
      expect(how).toBe('uploaded')
      expect(server.blob(digest)?.equals(bytes)).toBe(true)
    }
  })

  test('that may speak plain HTTP is asked with whole URLs', async () => {
    const proxy = await startProxy()
    const registries = connect(`http://${proxy.host}`)
    expect((await pull(registries, PLAIN)).equals(LAYER)).toBe(true)
    const asked = proxy.requests.filter(({ method }) => method === 'GET')
    expect(asked[0]).toMatchObject({
      target: 'http://plain.example/v2/app/manifests/1',
      headers: { host: 'plain.example' },
    })
  })

  test('that may speak plain HTTP is asked so where the proxy makes no tunnel to it, without trying that each time', async () => {
    const proxy = await startProxy()
    proxy.refusal = 403
    const registries = connect(`http://${proxy.host}`)
    expect((await pull(registries, PLAIN)).equals(LAYER)).toBe(true)
    expect(proxy.requests.filter(({ method }) => method === 'CONNECT')).toHaveLength(1)
  })

  test('can be reached through a proxy that speaks TLS itself', async () => {
    const proxy = await startProxy({ certificates, login: LOGIN })
    const registries = connect(`https://${IN_URL}${proxy.host}`)
    expect((await pull(registries, APP)).equals(LAYER)).toBe(true)
    expect((await pull(registries, PLAIN)).equals(LAYER)).toBe(true)
    const distrustful = createRegistries({ proxy: { url: `https://${proxy.host}`, noProxy: [] } })
    ends.push(() => distrustful.close())
    await expect(
      distrustful.digestOf(APP, { signal: AbortSignal.timeout(10_000) }),
    ).rejects.toMatchObject({
      code: 'SP_REGISTRY_UNREACHABLE',
      message: expect.stringContaining(`through the proxy https://${proxy.host}`),
    })
  })

  test('is asked without it when it is named so, and so is all of this machine', async () => {
    const proxy = await startProxy()
    const noProxy = ['registry.example']
    const url = `http://${proxy.host}`
    const registries = connect(url, { proxy: { url, noProxy }, insecure: [plain.host] })
    await expect(resolve(registries, APP)).rejects.toMatchObject({
      code: 'SP_REGISTRY_UNREACHABLE',
      message: expect.not.stringContaining('proxy'),
    })
    const here = parseImageName(`${plain.host}/app:1`)
    expect((await pull(registries, here)).equals(LAYER)).toBe(true)
    const byName = parseImageName(`localhost:${secure.host.split(':')[1] ?? ''}/app:1`)
    expect((await pull(registries, byName)).equals(LAYER)).toBe(true)
    expect(proxy.requests).toEqual([])
  })

  test('gives a blob on from where the proxy died', async () => {
    const proxy = await startProxy()
    const registries = connect(`http://${proxy.host}`)
    proxy.breaksAfter.push(150_000, 150_000)
    expect((await pull(registries, APP)).equals(LAYER)).toBe(true)
    const ranges = secure.requests.map(({ headers }) => headers.range).filter(Boolean)
    expect(ranges).toHaveLength(2)
    expect(ranges[0]).toMatch(/^bytes=1[0-4]\d{4}-$/)
    expect(proxy.requests).toHaveLength(3)
  })
})

describe('a proxy', () => {
  test('gets the credentials of its URL, and nobody else does', async () => {
    const proxy = await startProxy({ login: LOGIN })
    const registries = connect(`http://${IN_URL}${proxy.host}`)
    await pull(registries, APP)
    await pull(registries, PLAIN)
    const seen = inspect([secure.requests, plain.requests], { depth: null })
    expect(seen).not.toMatch(/proxy-/)
    expect(seen).not.toContain(Buffer.from(LOGIN).toString('base64'))
    expect(inspect(registries, { depth: null })).not.toContain('word of the proxy')
  })

  test('gets no credentials of the registry', async () => {
    const proxy = await startProxy()
    const auth = Buffer.from('sand:piper').toString('base64')
    const text = JSON.stringify({ auths: { 'registry.example': { auth } } })
    const registries = connect(`http://${proxy.host}`, {
      credentials: [parseDockerConfig(text, 'config.json')],
    })
    const challenge = { 'www-authenticate': 'Basic realm="x"' }
    secure.next(/manifests/, faults.answering(401, challenge))
    await resolve(registries, APP)
    const given = secure.requests.map(({ headers }) => headers.authorization)
    expect(given).toContain(`Basic ${auth}`)
    expect(inspect(proxy.requests, { depth: null })).not.toContain(auth)
  })

  test.each([
    ['http', APP, 'it wants credentials (407)', ''],
    ['http', APP, 'it does not take our credentials (407)', 'piper:wrong-one@'],
    ['http', PLAIN, 'it wants credentials (407)', ''],
    ['http', PLAIN, 'it does not take our credentials (407)', 'piper:wrong-one@'],
  ])('that asks for a login is told by its name: %s, %#', async (scheme, name, why, login) => {
    const proxy = await startProxy({ login: LOGIN })
    const registries = connect(`${scheme}://${login}${proxy.host}`)
    const error: unknown = await resolve(registries, name).catch((one: unknown) => one)
    expect(error).toMatchObject({
      code: 'SP_REGISTRY_UNREACHABLE',
      message: `can't reach registry ${name.registry} through the proxy http://${proxy.host}: ${why}`,
      hint: expect.stringContaining('SANDPIPER_REGISTRY_PROXY'),
    })
    expect(inspect(error, { depth: null })).not.toMatch(/wrong-one|cGlwZXI6/)
  })

  test.each([
    [403, 1],
    [503, 5],
  ])('that answers CONNECT with %d is asked %d times', async (status, times) => {
    const proxy = await startProxy()
    proxy.refusal = status
    await expect(resolve(connect(`http://${proxy.host}`), APP)).rejects.toMatchObject({
      code: 'SP_REGISTRY_UNREACHABLE',
      message: expect.stringContaining(
        `through the proxy http://${proxy.host}: it does not connect us with registry.example (${String(status)})`,
      ),
      hint: expect.stringContaining('SANDPIPER_REGISTRY_NO_PROXY'),
    })
    expect(proxy.requests).toHaveLength(times)
  })

  test('that is not there, or says nothing, is told by its name', async () => {
    const proxy = await startProxy()
    proxy.refusal = 0
    const timeouts = { connectMs: 200 }
    const retries = { tries: 1 }
    const silent = connect(`http://${proxy.host}`, { timeouts, retries })
    await expect(resolve(silent, APP)).rejects.toMatchObject({
      code: 'SP_REGISTRY_UNREACHABLE',
      message: expect.stringMatching(
        /proxy http:\/\/127.*: it did not answer CONNECT within 200 ms/,
      ),
    })
    const { host } = proxy
    await proxy.stop()
    for (const name of [APP, PLAIN]) {
      await expect(resolve(connect(`http://${host}`, { retries }), name)).rejects.toMatchObject({
        code: 'SP_REGISTRY_UNREACHABLE',
        message: `can't reach registry ${name.registry} through the proxy http://${host}: nothing listens at ${host} (connection refused)`,
        hint: expect.stringContaining('SANDPIPER_REGISTRY_PROXY'),
      })
    }
  })

  test('that does not answer yet ends with the registries', async () => {
    const proxy = await startProxy()
    proxy.refusal = 0
    const registries = connect(`http://${proxy.host}`, { retries: { tries: 1 } })
    const asked = resolve(registries, APP).catch((error: unknown) => error)
    while (proxy.requests.length === 0) await new Promise(setImmediate)
    await registries.close()
    expect(await asked).toMatchObject({ code: 'SP_REGISTRY_UNREACHABLE' })
  })

  test('is not asked for addresses that may not be connected to', async () => {
    const proxy = await startProxy()
    const registries = connect(`http://${proxy.host}`)
    for (const location of ['https://10.0.0.1/x', 'https://127.0.0.1/x', 'https://169.254.1.1/x']) {
      secure.next(/GET .*manifests/, faults.answering(307, { location }))
      await expect(resolve(registries, APP)).rejects.toMatchObject({
        code: 'SP_REGISTRY_ADDRESS',
      })
    }
    const link = parseImageName('169.254.169.254/app:1')
    await expect(resolve(registries, link)).rejects.toMatchObject({ code: 'SP_REGISTRY_ADDRESS' })
    expect(proxy.requests.every(({ target }) => target === 'registry.example:443')).toBe(true)
  })

  test.each(['proxy.example', 'socks5://u:s3cr3t@x', 'http://u:s3cr3t@x/path', 'http://u:s3cr3t@'])(
    'is no %s, and that is told without its text',
    (url) => {
      const create = (): unknown => createRegistries({ proxy: { url, noProxy: [] } })
      expect(create).toThrow('the proxy for registries is no http:// or https:// URL')
      expect(create).not.toThrow(/s3cr3t/)
    },
  )
})
