import { randomBytes } from 'node:crypto'
import { afterEach, beforeEach, expect, test } from '@jest/globals'
import { parseImageName, type ImageName } from '../../layers/image-name.js'
import * as faults from '../../testing/hostile-faults.js'
import { HostileRegistry } from '../../testing/hostile-registry.js'
import { createRegistries } from '../create-registries.js'
import { parseDockerConfig } from '../credentials/docker-config.js'
import type { RegistriesConfig, Registries, RemoteImage } from '../types.js'

const LAYER = randomBytes(200_000)
const BLOB = /GET .*\/blobs\//
const MANIFEST = /\/manifests\//
const BASIC = { 'www-authenticate': 'Basic realm="of the test"' }

let registry: HostileRegistry
let mirror: HostileRegistry
let client: Registries
let now: number
const stops: (() => Promise<void>)[] = []

beforeEach(async () => {
  now = 0
  registry = await start()
  mirror = await start()
  for (const one of [registry, mirror]) one.addImage('1', [LAYER])
  client = connect()
})

afterEach(async () => {
  for (const stop of stops.splice(0).reverse()) await stop()
})

async function start(): Promise<HostileRegistry> {
  const server = await HostileRegistry.start()
  stops.push(() => server.stop())
  return server
}

function connect(config: RegistriesConfig = {}): Registries {
  const timing = { now: () => now, wait: () => Promise.resolve(), random: () => 0 }
  const created = createRegistries({
    ...{ timing, insecure: [registry.host] },
    mirrors: { [registry.host]: [`http://${mirror.host}`] },
    ...config,
  })
  stops.push(() => created.close())
  return created
}

function app(): ImageName {
  return parseImageName(`${registry.host}/app:1`)
}

async function pull(onRetry?: (text: string) => void): Promise<Buffer> {
  const options = { platform: { os: 'linux', architecture: 'amd64' }, ...(onRetry && { onRetry }) }
  const image = await client.resolve(app(), options)
  return read(image, onRetry)
}

async function read(image: RemoteImage, onRetry?: (text: string) => void): Promise<Buffer> {
  const chunks: Buffer[] = []
  const bytes = client.openBlob(image, image.layers[0]!, onRetry ? { onRetry } : {})
  for await (const chunk of bytes) chunks.push(chunk)
  return Buffer.concat(chunks)
}

test('A mirror that has all is the only one that is asked', async () => {
  expect((await pull()).equals(LAYER)).toBe(true)
  expect(await client.digestOf(app())).toMatch(/^sha256:/)
  expect(registry.requests).toEqual([])
})

test('What a mirror does not have comes from the registry, and the mirror is asked again for the next', async () => {
  mirror.always(/./, faults.answering(404))
  const told: string[] = []
  expect((await pull((text) => told.push(text))).equals(LAYER)).toBe(true)
  expect(told[0]).toMatch(/not at mirror http:.*going on without this mirror$/)
  expect(mirror.requests).toHaveLength(2)
})

test('A mirror that does not work is tried twice and left out for a minute', async () => {
  mirror.always(/./, faults.answering(500))
  expect((await pull()).equals(LAYER)).toBe(true)
  expect(mirror.requests).toHaveLength(2)
  now += 59_000
  await pull()
  expect(mirror.requests).toHaveLength(2)
  now += 2_000
  await pull()
  expect(mirror.requests).toHaveLength(4)
})

test('A mirror that nobody runs does not keep anybody from pulling', async () => {
  await mirror.stop()
  expect((await pull()).equals(LAYER)).toBe(true)
})

test('The registry goes on with a blob where its mirror broke off', async () => {
  mirror.always(BLOB, faults.breakingAfter(70_000))
  const progress: string[] = []
  expect((await pull((text) => progress.push(text))).equals(LAYER)).toBe(true)
  expect(registry.requests.map(({ headers }) => headers.range)).toEqual(['bytes=140000-'])
})

test('Wrong bytes of a mirror come from the registry at the second time', async () => {
  mirror.always(BLOB, faults.wrongByteAt(10))
  const image = await client.resolve(app())
  const config = await client.readBlob(image, image.config)
  expect(JSON.parse(config.toString())).toMatchObject({ os: 'linux' })
  expect(registry.count(BLOB)).toBe(1)
  now += 61_000
  const size = await client.withBlob(image, image.layers[0]!, async (bytes) => {
    let sum = 0
    for await (const chunk of bytes) sum += chunk.length
    return sum
  })
  expect(size).toBe(LAYER.length)
})

test('A wrong manifest of a mirror comes from the registry', async () => {
  mirror.always(MANIFEST, faults.wrongByteAt(3))
  expect((await pull()).equals(LAYER)).toBe(true)
})

test('What the registry itself says is told when no mirror has the image', async () => {
  for (const one of [registry, mirror]) one.always(/./, faults.answering(404))
  await expect(pull()).rejects.toMatchObject({
    code: 'SP_IMAGE_NOT_FOUND',
    message: expect.stringContaining(`registry ${registry.host}`),
  })
})

test('A path in the URL of a mirror comes before the repository', async () => {
  client = connect({ mirrors: { [registry.host]: [`http://${mirror.host}/proxy/hub/`] } })
  await pull()
  expect(mirror.requests[0]?.path).toBe('/v2/proxy/hub/app/manifests/1')
})

test('A mirror gets its own credentials and no others, and so does the registry', async () => {
  const login = (password: string): object => ({ username: 'piper', password })
  const config = parseDockerConfig(
    JSON.stringify({
      auths: { [registry.host]: login('of-registry'), [mirror.host]: login('of-mirror') },
    }),
    'config.json',
  )
  client = connect({ credentials: [config] })
  mirror.next(MANIFEST, faults.answering(401, BASIC))
  mirror.always(BLOB, faults.answering(404))
  registry.next(BLOB, faults.answering(401, BASIC))
  await pull()
  expect(passwords(mirror)).toEqual(['of-mirror'])
  expect(passwords(registry)).toEqual(['of-registry'])
})

test('A mirror without credentials of its own gets none of the registry it stands for', async () => {
  const auths = { [registry.host]: { username: 'piper', password: 'of-registry' } }
  client = connect({ credentials: [parseDockerConfig(JSON.stringify({ auths }), 'config.json')] })
  mirror.always(/./, faults.answering(401, BASIC))
  await pull()
  expect(passwords(mirror)).toEqual([])
})

test.each([
  ['not a URL', /is no URL/],
  ['ftp://mirror.example', /must be https/],
  ['https://piper:s3cr3t@mirror.example', /must be https/],
  ['https://mirror.example/?x=s3cr3t', /must be https/],
])('The mirror %s is refused, without its secrets', (url, why) => {
  const create = (): unknown => createRegistries({ mirrors: { 'docker.io': [url] } })
  expect(create).toThrow(why)
  expect(create).not.toThrow(/s3cr3t/)
})

test('An insecure registry is a host, and nothing else', () => {
  expect(() => createRegistries({ insecure: ['a b'] })).toThrow(/is no HOST/)
  expect(() => createRegistries({ caFile: '/nonexistent' })).toThrow(/\/nonexistent/)
})

/** Passwords that a server was sent. */
function passwords(server: HostileRegistry): string[] {
  const sent = server.requests.map(({ headers }) => headers.authorization ?? '')
  const decoded = sent.map((one) => Buffer.from(one.replace('Basic ', ''), 'base64').toString())
  return [...new Set(decoded.map((one) => one.split(':')[1] ?? '').filter((one) => one !== ''))]
}
