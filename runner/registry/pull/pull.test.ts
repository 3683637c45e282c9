import { createHash, randomBytes } from 'node:crypto'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { inspect } from 'node:util'
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import { parseImageName, type ImageName } from '../../layers/image-name.js'
import { makeTar } from '../../layers/testing/archives.js'
import { OciLayout } from '../../testing/oci-layout.js'
import { IDENTITY_TOKEN, REGISTRY_LOGIN, TestRegistry } from '../../testing/registry.js'
import { createRegistries } from '../create-registries.js'
import { parseDockerConfig, type DockerConfig } from '../credentials/docker-config.js'
import { compressionOf } from '../manifest/media-types.js'
import type { RegistriesConfig, Registries, RemoteImage } from '../types.js'

const AMD64 = { os: 'linux', architecture: 'amd64' }
const ARM64 = { os: 'linux', architecture: 'arm64', variant: 'v8' }
const ARM_V6 = { os: 'linux', architecture: 'arm', variant: 'v6' }

let directory: string
let layout: OciLayout
const registries: TestRegistry[] = []
const clients: Registries[] = []

beforeAll(async () => {
  directory = await mkdtemp(path.join(tmpdir(), 'sandpiper-pull-'))
  layout = new OciLayout(directory)
  const tar = (text: string): Buffer => makeTar([{ path: 'file', content: text }])
  const big = makeTar([{ path: 'big', content: randomBytes(1 << 20).toString('latin1') }])
  await layout.addImage('plain', { layers: [tar('plain')], packing: 'none' })
  await layout.addImage('gzip', { layers: [tar('one'), big] })
  await layout.addImage('zstd', { layers: [tar('zstd')], packing: 'zstd' })
  const images = [AMD64, ARM64, ARM_V6].map((platform) =>
    layout.addImage(null, { layers: [tar(platform.architecture)], platform }),
  )
  await layout.addIndex('many', await Promise.all(images))
})

afterAll(async () => {
  await Promise.all(clients.map((one) => one.close()))
  await Promise.all(registries.map((one) => one.remove()))
  await rm(directory, { recursive: true, force: true })
})

async function startRegistry(
  options: Parameters<typeof TestRegistry.start>[0] = {},
): Promise<TestRegistry> {
  const registry = await TestRegistry.start(options)
  registries.push(registry)
  return registry
}

function connect(config: RegistriesConfig): Registries {
  const client = createRegistries(config)
  clients.push(client)
  return client
}

function named(registry: TestRegistry, name: string): ImageName {
  return parseImageName(`${registry.host}/${name}`)
}

async function digestsOf(client: Registries, image: RemoteImage): Promise<string[]> {
  const digests = []
  for (const layer of image.layers) {
    const hash = createHash('sha256')
    for await (const chunk of client.openBlob(image, layer)) hash.update(chunk)
    digests.push(`sha256:${hash.digest('hex')}`)
  }
  return digests
}

describe('a registry without credentials', () => {
  let registry: TestRegistry
  let client: Registries

  beforeAll(async () => {
    registry = await startRegistry()
    client = connect({ insecure: [registry.host] })
    for (const tag of ['plain', 'gzip', 'zstd']) {
      await registry.copyIn(layout.source(tag), `app:${tag}`, ['--preserve-digests'])
    }
    await registry.copyIn(layout.source('many'), 'app:many', ['--all'])
    await registry.copyIn(layout.source('gzip'), 'app:docker', ['--format=v2s2'])
  })

  test.each(['plain', 'gzip', 'zstd', 'docker'])(
    'gives the manifest, the configuration and the layers of an image that is %s',
    async (tag) => {
      const image = await client.resolve(named(registry, `app:${tag}`), { platform: AMD64 })
      expect(image.indexDigest).toBeNull()
      const config = await client.readBlob(image, image.config)
      const { rootfs } = JSON.parse(config.toString()) as { rootfs: { diff_ids: string[] } }
      expect(rootfs.diff_ids).toHaveLength(image.layers.length)
      expect(await digestsOf(client, image)).toEqual(image.layers.map(({ digest }) => digest))
      const packing = compressionOf(image.layers[0]!.mediaType)
      expect(packing).toBe({ plain: 'none', zstd: 'zstd' }[tag] ?? 'gzip')
    },
  )

  test('has the digest of a tag for the price of a HEAD, and it is the one that the tag resolves to', async () => {
    const digest = await client.digestOf(named(registry, 'app:gzip'))
    const image = await client.resolve(named(registry, `app@${digest}`), { platform: AMD64 })
    expect(image.manifest.digest).toBe(digest)
    const index = await client.digestOf(named(registry, 'app:many'))
    const many = await client.resolve(named(registry, 'app:many'), { platform: AMD64 })
    expect(many.indexDigest).toBe(index)
    expect(many.manifest.digest).not.toBe(index)
  })

  test.each([
    [AMD64, 'amd64'],
    [{ os: 'linux', architecture: 'aarch64' }, 'arm64'],
    [{ os: 'linux', architecture: 'arm', variant: 'v7' }, 'arm'],
  ])('has the image of an index for %j', async (platform, architecture) => {
    const image = await client.resolve(named(registry, 'app:many'), { platform })
    const config = JSON.parse((await client.readBlob(image, image.config)).toString()) as object
    expect(config).toMatchObject({ architecture })
  })

  test('lists the platforms that there are when none fits', async () => {
    const platform = { os: 'linux', architecture: 's390x' }
    await expect(client.resolve(named(registry, 'app:many'), { platform })).rejects.toMatchObject({
      code: 'SP_IMAGE_PLATFORM',
      message: expect.stringMatching(/linux\/amd64, linux\/arm\/v6, linux\/arm64$/),
    })
  })

  test('says that a tag or a repository is not there', async () => {
    for (const name of ['app:none', 'none:latest']) {
      await expect(client.resolve(named(registry, name))).rejects.toMatchObject({
        code: 'SP_IMAGE_NOT_FOUND',
        message: expect.stringContaining(`${registry.host}/${name}`),
      })
      await expect(client.digestOf(named(registry, name))).rejects.toMatchObject({
        code: 'SP_IMAGE_NOT_FOUND',
      })
    }
  })

  test('is not spoken to by plain HTTP unless the operator has named it', async () => {
    const strict = connect({ retries: { tries: 1 } })
    await expect(strict.resolve(named(registry, 'app:gzip'))).rejects.toMatchObject({
      code: 'SP_REGISTRY_TLS',
      message: expect.stringContaining('does not speak TLS'),
      hint: expect.stringContaining(`SANDPIPER_REGISTRY_INSECURE=${registry.host}`),
    })
  })
})

describe('a registry with TLS', () => {
  let registry: TestRegistry

  beforeAll(async () => {
    registry = await startRegistry({ tls: true })
    await registry.copyIn(layout.source('gzip'), 'app:1')
  })

  test('is trusted when its authority is', async () => {
    const client = connect({ caFile: registry.caFile! })
    expect((await client.resolve(named(registry, 'app:1'))).layers).toHaveLength(2)
  })

  test('is not trusted otherwise, with words about what to do', async () => {
    await expect(connect({}).resolve(named(registry, 'app:1'))).rejects.toMatchObject({
      code: 'SP_REGISTRY_TLS',
      hint: expect.stringContaining('authority'),
    })
  })

  test('is spoken to by TLS without trust when the operator says so', async () => {
    const client = connect({ insecure: [registry.host] })
    expect((await client.resolve(named(registry, 'app:1'))).layers).toHaveLength(2)
  })
})

describe('a registry with users and passwords', () => {
  let registry: TestRegistry

  beforeAll(async () => {
    registry = await startRegistry({ auth: 'basic' })
    await registry.copyIn(layout.source('gzip'), 'app:1')
  })

  test('says that credentials are needed, and how to give them', async () => {
    const client = connect({ insecure: [registry.host] })
    await expect(client.resolve(named(registry, 'app:1'))).rejects.toMatchObject({
      code: 'SP_IMAGE_DENIED',
      message: expect.stringContaining('without credentials'),
      hint: expect.stringContaining('image_pull_secrets'),
    })
  })

  test('takes those of the operator', async () => {
    const own = parseDockerConfig(registry.dockerConfig, '/etc/sandpiper/config.json')
    const client = connect({ insecure: [registry.host], credentials: [own] })
    const image = await client.resolve(named(registry, 'app:1'))
    expect(await digestsOf(client, image)).toEqual(image.layers.map(({ digest }) => digest))
  })

  test('takes those of one request, and forgets them after it', async () => {
    const client = connect({ insecure: [registry.host] })
    const credentials = [parseDockerConfig(registry.dockerConfig, 'secret dockerconfig')]
    expect((await client.resolve(named(registry, 'app:1'), { credentials })).layers).toHaveLength(2)
    await expect(client.resolve(named(registry, 'app:1'))).rejects.toMatchObject({
      code: 'SP_IMAGE_DENIED',
    })
  })

  test.each<[string, (host: string) => object]>([
    ['ecr-login', (host) => ({ credHelpers: { [host]: 'ecr-login' } })],
    ['desktop', (host) => ({ auths: { [host]: {} }, credsStore: 'desktop' })],
  ])('says that the helper of a secret is not run: %s', async (helper, file) => {
    const secret = parseDockerConfig(JSON.stringify(file(registry.host)), 'secret dockerconfig')
    const client = connect({ insecure: [registry.host] })
    const pull = (credentials: readonly DockerConfig[]): Promise<unknown> =>
      client.resolve(named(registry, 'app:1'), { credentials })
    await expect(pull([secret])).rejects.toMatchObject({
      code: 'SP_IMAGE_DENIED',
      hint: expect.stringMatching(`secret dockerconfig .* ${helper}, .* the runner's own`),
    })
    await pull([secret, parseDockerConfig(registry.dockerConfig, 'secret other')])
    const wrong = JSON.stringify({ auths: { [registry.host]: { username: 'x', password: 'y' } } })
    await expect(pull([secret, parseDockerConfig(wrong, 'secret wrong')])).rejects.toMatchObject({
      hint: expect.not.stringContaining(helper),
    })
  })

  test('says where wrong credentials came from, and not what they are', async () => {
    const auth = Buffer.from('piper:not-the-password').toString('base64')
    const text = JSON.stringify({ auths: { [registry.host]: { auth } } })
    const credentials = [parseDockerConfig(text, 'secret dockerconfig')]
    const client = connect({ insecure: [registry.host] })
    const failed = client.resolve(named(registry, 'app:1'), { credentials })
    const error: unknown = await failed.catch((one: unknown) => one)
    expect(error).toMatchObject({ code: 'SP_IMAGE_DENIED' })
    expect(inspect(error, { depth: 9 })).toContain('secret dockerconfig')
    expect(inspect(error, { depth: 9 })).not.toMatch(/not-the-password|cGlwZXI6/)
  })
})

describe('a registry with tokens', () => {
  let registry: TestRegistry

  beforeAll(async () => {
    registry = await startRegistry({ auth: 'token' })
    await registry.copyIn(layout.source('gzip'), 'public/app:1')
    await registry.copyIn(layout.source('gzip'), 'private/app:1')
  })

  function config(login: object): ReturnType<typeof parseDockerConfig> {
    return parseDockerConfig(JSON.stringify({ auths: { [registry.host]: login } }), 'secret x')
  }

  test('gives what is public to everybody, with one token for all of an image', async () => {
    const client = connect({ insecure: [registry.host] })
    const before = registry.tokens.requests.length
    const image = await client.resolve(named(registry, 'public/app:1'))
    await Promise.all([digestsOf(client, image), digestsOf(client, image)])
    expect(registry.tokens.requests.slice(before)).toEqual([
      { method: 'GET', scopes: ['repository:public/app:pull'], isKnown: false },
    ])
  })

  test('gives what is private to who has a password', async () => {
    const client = connect({ insecure: [registry.host] })
    await expect(client.resolve(named(registry, 'private/app:1'))).rejects.toMatchObject({
      code: 'SP_IMAGE_DENIED',
    })
    const credentials = [config({ ...REGISTRY_LOGIN })]
    const image = await client.resolve(named(registry, 'private/app:1'), { credentials })
    expect(image.layers).toHaveLength(2)
    await expect(client.resolve(named(registry, 'private/app:1'))).rejects.toMatchObject({
      code: 'SP_IMAGE_DENIED',
    })
  })

  test('gives it to who has an identity token', async () => {
    const client = connect({ insecure: [registry.host] })
    const credentials = [config({ identitytoken: IDENTITY_TOKEN })]
    const image = await client.resolve(named(registry, 'private/app:1'), { credentials })
    expect(image.layers).toHaveLength(2)
    expect(registry.tokens.requests.at(-1)).toMatchObject({ method: 'POST', isKnown: true })
  })

  test('gets another token when one has ended early', async () => {
    let now = Date.now()
    const timing = { now: () => now, wait: () => Promise.resolve(), random: () => 0 }
    const client = connect({ insecure: [registry.host], timing })
    const before = registry.tokens.requests.length
    await client.resolve(named(registry, 'public/app:1'))
    await client.resolve(named(registry, 'public/app:1'))
    expect(registry.tokens.requests).toHaveLength(before + 1)
    now += 280_000
    await client.resolve(named(registry, 'public/app:1'))
    expect(registry.tokens.requests).toHaveLength(before + 2)
  })

  test('refuses wrong passwords at its token server, without repeating them', async () => {
    const client = connect({ insecure: [registry.host] })
    const credentials = [config({ username: 'piper', password: 'not-the-password' })]
    const failed = client.resolve(named(registry, 'private/app:1'), { credentials })
    await expect(failed).rejects.toMatchObject({
      code: 'SP_IMAGE_DENIED',
      message: expect.stringMatching(/token server.*secret x.*incorrect username/),
    })
  })
})
