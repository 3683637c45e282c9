import { createHash, randomBytes } from 'node:crypto'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { gzipSync } from 'node:zlib'
import { afterEach, beforeAll, afterAll, beforeEach, describe, expect, test } from '@jest/globals'
import { parseImageName, type ImageName } from '../../layers/image-name.js'
import { makeImageFile, makeTar } from '../../layers/testing/archives.js'
import * as faults from '../../testing/hostile-faults.js'
import { HostileRegistry } from '../../testing/hostile-registry.js'
import { TestRegistry } from '../../testing/registry.js'
import { until } from '../../testing/until.js'
import { createRegistries } from '../create-registries.js'
import { parseDockerConfig } from '../credentials/docker-config.js'
import type {
  BlobSource,
  Descriptor,
  Registries,
  RegistriesConfig,
  RequestOptions,
} from '../types.js'

const MIB = 1024 * 1024
const BIG = randomBytes(3 * MIB)
const PATCH = /^PATCH /
const MANIFEST_TYPE = 'application/vnd.oci.image.manifest.v1+json'

const stops: (() => Promise<void>)[] = []

afterEach(async () => {
  for (const stop of stops.splice(0).reverse()) await stop()
})

/** Waits take no time. */
function connect(config: RegistriesConfig): Registries {
  const wait = (_: number, signal?: AbortSignal): Promise<void> => {
    signal?.throwIfAborted()
    return Promise.resolve()
  }
  const timing = { now: () => Date.now(), wait, random: () => 0.5 }
  const client = createRegistries({ timing, ...config })
  stops.push(() => client.close())
  return client
}

async function hostile(options: { readonly upstream?: string } = {}): Promise<HostileRegistry> {
  const server = await HostileRegistry.start(options)
  stops.push(() => server.stop())
  return server
}

/** Gives its bytes in pieces of 64 KiB, one after another. */
function sourceOf(
  bytes: Buffer,
  digest = digestOf(bytes),
): BlobSource & { readonly opened: number } {
  const source = {
    ...{ digest, size: bytes.length, opened: 0 },
    async *open(): AsyncGenerator<Buffer> {
      source.opened += 1
      for (let at = 0; at < bytes.length; at += 65_536) {
        yield await Promise.resolve(bytes.subarray(at, at + 65_536))
      }
    },
  }
  return source
}

function digestOf(bytes: Buffer): string {
  return `sha256:${createHash('sha256').update(bytes).digest('hex')}`
}

function named(host: string, name: string): ImageName {
  return parseImageName(`${host}/${name}`)
}

/** Pushes an image of these layers. @returns the digest of its manifest */
async function pushImage(
  client: Registries,
  target: ImageName,
  layers: readonly Buffer[],
  options: RequestOptions = {},
): Promise<string> {
  const push = async (mediaType: string, bytes: Buffer): Promise<Descriptor> => {
    await client.pushBlob(target, sourceOf(bytes), options)
    return { mediaType, digest: digestOf(bytes), size: bytes.length }
  }
  const config = await push(
    'application/vnd.oci.image.config.v1+json',
    Buffer.from(makeImageFile(layers)),
  )
  const packed = []
  for (const layer of layers) {
    packed.push(await push('application/vnd.oci.image.layer.v1.tar+gzip', gzipSync(layer)))
  }
  const manifest = { schemaVersion: 2, mediaType: MANIFEST_TYPE, config, layers: packed }
  const bytes = Buffer.from(JSON.stringify(manifest))
  return client.pushManifest(target, MANIFEST_TYPE, bytes, options)
}

const LAYERS = [
  makeTar([{ path: 'small', content: 'small' }]),
  makeTar([{ path: 'big', content: BIG.toString('latin1') }]),
]

describe('an image that is pushed to a real registry', () => {
  let directory: string
  const registries: TestRegistry[] = []

  beforeAll(async () => {
    directory = await mkdtemp(path.join(tmpdir(), 'sandpiper-push-'))
    for (const auth of ['none', 'basic', 'token'] as const) {
      registries.push(await TestRegistry.start({ auth }))
    }
  })

  afterAll(async () => {
    await Promise.all(registries.map((one) => one.remove()))
    await rm(directory, { recursive: true, force: true })
  })

  test.each(['none', 'basic', 'token'])(
    'can be read back by skopeo, where credentials are %s',
    async (auth) => {
      const registry = registries[['none', 'basic', 'token'].indexOf(auth)]!
      const credentials = [parseDockerConfig(registry.dockerConfig, 'config.json')]
      const own = { credentials, pushesAsOperator: true }
      const client = connect({ insecure: [registry.host], ...own })
      const digest = await pushImage(client, named(registry.host, 'made/app:1'), LAYERS)
      const inspected = JSON.parse(await registry.inspect('made/app:1')) as { Digest: string }
      expect(inspected.Digest).toBe(digest)
      const copy = path.join(directory, auth)
      await registry.copyOut('made/app:1', `oci:${copy}:1`)
      const blob = await readFile(
        path.join(copy, 'blobs', digestOf(gzipSync(LAYERS[1]!)).replace(':', '/')),
      )
      expect(blob.equals(gzipSync(LAYERS[1]!))).toBe(true)
    },
  )

  test('is not sent again when it is there, and is had from a neighbour when that has it', async () => {
    const registry = registries[0]!
    const client = connect({ insecure: [registry.host] })
    const source = sourceOf(randomBytes(2 * MIB))
    expect(await client.pushBlob(named(registry.host, 'one:1'), source)).toBe('uploaded')
    expect(await client.pushBlob(named(registry.host, 'one:1'), source)).toBe('there')
    const options = { mountFrom: 'one' }
    expect(await client.pushBlob(named(registry.host, 'two:1'), source, options)).toBe('mounted')
    const other = { mountFrom: 'none' }
    const fresh = sourceOf(Buffer.from('fresh'))
    expect(await client.pushBlob(named(registry.host, 'two:1'), fresh, other)).toBe('uploaded')
    expect(source.opened).toBe(1)
  })

  test('has a digest, and no other one may be asked for', async () => {
    const registry = registries[0]!
    const client = connect({ insecure: [registry.host] })
    await pushImage(client, named(registry.host, 'app:1'), LAYERS)
    const wrong = named(registry.host, `app@sha256:${'0'.repeat(64)}`)
    await expect(pushImage(client, wrong, LAYERS)).rejects.toMatchObject({
      code: 'SP_IMAGE_DIGEST',
    })
  })

  test('needs credentials where the registry wants some', async () => {
    for (const registry of registries.slice(1)) {
      // Those of the operator are for pulling alone: any pipeline can ask for a push.
      const credentials = [parseDockerConfig(registry.dockerConfig, 'config.json')]
      for (const own of [{}, { credentials }]) {
        const client = connect({ insecure: [registry.host], ...own })
        const pushing = pushImage(client, named(registry.host, 'public/app:1'), LAYERS)
        await expect(pushing).rejects.toMatchObject({
          code: 'SP_IMAGE_DENIED',
          message: expect.stringContaining('does not take'),
          hint: expect.stringContaining('lets nobody push'),
        })
      }
    }
  })

  test('may be empty in parts', async () => {
    const registry = registries[0]!
    const client = connect({ insecure: [registry.host] })
    expect(await client.pushBlob(named(registry.host, 'app:1'), sourceOf(Buffer.alloc(0)))).toBe(
      'uploaded',
    )
  })

  test.each([
    ['the connection breaks in the middle', faults.breakingUploadAfter(MIB)],
    ['the connection breaks before an answer', faults.dropped],
    ['the registry fails', faults.answering(500)],
    ['there are too many requests', faults.answering(429)],
    ['a proxy takes no more at once', faults.answering(413)],
  ])('arrives although %s', async (_, fault) => {
    const registry = registries[0]!
    const server = await hostile({ upstream: registry.host })
    const client = connect({ insecure: [server.host] })
    server.next(PATCH, fault, fault)
    const source = sourceOf(randomBytes(3 * MIB))
    let progress = 0
    const options = { onProgress: (bytes: number) => void (progress += bytes) }
    const target = named(server.host, 'broken:1')
    expect(await client.pushBlob(target, source, options)).toBe('uploaded')
    expect(progress).toBe(source.size)
    expect(await client.pushBlob(target, source)).toBe('there')
  })

  test('is found there when the answer to its last request was lost', async () => {
    const registry = registries[0]!
    const server = await hostile({ upstream: registry.host })
    const client = connect({ insecure: [server.host] })
    server.next(/^PUT .*\/blobs\//, async (turn) => {
      await turn.proper()
      turn.drop()
    })
    const source = sourceOf(randomBytes(2 * MIB))
    expect(await client.pushBlob(named(server.host, 'lost:1'), source)).toBe('there')
    expect(source.opened).toBe(1)
  })
})

describe('an upload', () => {
  let server: HostileRegistry
  let client: Registries
  let target: ImageName

  beforeEach(async () => {
    server = await hostile()
    client = connect({ insecure: [server.host] })
    target = named(server.host, 'app:1')
  })

  function ranges(): unknown[] {
    return server.requests
      .filter(({ method }) => method === 'PATCH')
      .map(({ headers }) => headers['content-range'])
  }

  test('goes on with what the registry does not have when the connection broke', async () => {
    server.next(PATCH, faults.breakingUploadAfter(MIB), faults.breakingUploadAfter(MIB))
    const source = sourceOf(BIG)
    let progress = 0
    const options = { onProgress: (bytes: number) => void (progress += bytes) }
    expect(await client.pushBlob(target, source, options)).toBe('uploaded')
    expect(server.blob(source.digest)?.equals(BIG)).toBe(true)
    expect(progress).toBe(BIG.length)
    expect(server.count(/^POST /)).toBe(1)
    expect(ranges()).toHaveLength(3)
    expect(ranges()[2]).toMatch(new RegExp(`^[1-9]\\d{5,}-${BIG.length - 1}$`))
  })

  test('is made in pieces when the registry takes no more at once', async () => {
    const bytes = randomBytes(20 * MIB)
    server.next(PATCH, faults.answering(413))
    const source = sourceOf(bytes)
    expect(await client.pushBlob(target, source)).toBe('uploaded')
    expect(server.blob(source.digest)?.equals(bytes)).toBe(true)
    expect(ranges().slice(1)).toEqual([
      `0-${8 * MIB - 1}`,
      `${8 * MIB}-${16 * MIB - 1}`,
      `${16 * MIB}-${20 * MIB - 1}`,
    ])
    // Once for the request that was refused, and once for all pieces.
    expect(source.opened).toBe(2)
  })

  test('begins anew when the registry has lost it', async () => {
    server.next(PATCH, faults.answering(404))
    server.next(/^GET .*uploads/, faults.answering(404))
    const source = sourceOf(BIG)
    expect(await client.pushBlob(target, source)).toBe('uploaded')
    expect(server.count(/^POST /)).toBe(2)
  })

  test('ends when the registry keeps losing it', async () => {
    server.always(PATCH, faults.answering(404))
    await expect(client.pushBlob(target, sourceOf(BIG))).rejects.toMatchObject({
      code: 'SP_IMAGE_NOT_FOUND',
    })
    expect(server.count(PATCH)).toBe(3)
  })

  test('stays at the host, whatever scheme and port the registry names', async () => {
    server.next(
      /^POST /,
      faults.changed((one) => ({
        ...one,
        headers: {
          ...one.headers,
          location: `https://127.0.0.1:1${one.headers['location'] ?? ''}?state=a%3Db`,
        },
      })),
    )
    expect(await client.pushBlob(target, sourceOf(BIG))).toBe('uploaded')
    expect(server.requests.find(({ method }) => method === 'PATCH')?.path).toContain('?state=a%3Db')
  })

  test.each(['http://169.254.169.254/x', 'https://storage.example/x', 'file:///x'])(
    'does not go to %s',
    async (location) => {
      server.always(/^POST /, faults.answering(202, { location }))
      await expect(client.pushBlob(target, sourceOf(BIG))).rejects.toMatchObject({
        code: 'SP_REGISTRY_REDIRECT',
      })
    },
  )

  test.each<[string, Buffer, RegExp]>([
    ['fewer bytes than it says', BIG.subarray(1), /ended after/],
    ['more bytes than it says', Buffer.concat([BIG, BIG]), /more than/],
    ['other bytes than it says', Buffer.alloc(BIG.length), /its digest is/],
  ])('of a source that has %s fails, and nothing is stored', async (_, bytes, message) => {
    const source = { ...sourceOf(bytes), digest: digestOf(BIG), size: BIG.length }
    await expect(client.pushBlob(target, source)).rejects.toMatchObject({
      code: 'SP_IMAGE_DIGEST',
      message: expect.stringMatching(message),
    })
    expect(server.blob(source.digest)).toBeNull()
  })

  test('of a source that fails, fails as that does', async () => {
    const fault = new Error('disk broken')
    const source = {
      ...sourceOf(BIG),
      async *open(): AsyncGenerator<Buffer> {
        yield await Promise.resolve(BIG.subarray(0, 10))
        throw fault
      },
    }
    await expect(client.pushBlob(target, source)).rejects.toBe(fault)
    expect(server.count(PATCH)).toBeLessThan(2)
  })

  test('is over at once for whoever has enough, and lets go of its source', async () => {
    const controller = new AbortController()
    const reason = new Error('enough')
    let closed = false
    const source = {
      ...sourceOf(BIG),
      async *open(): AsyncGenerator<Buffer> {
        try {
          yield await Promise.resolve(BIG.subarray(0, 65_536))
          await new Promise((resolve) => controller.signal.addEventListener('abort', resolve))
        } finally {
          closed = true
        }
      },
    }
    const pushing = client.pushBlob(target, source, { signal: controller.signal })
    const ended = expect(pushing).rejects.toBe(reason)
    await until('the upload', () => server.count(PATCH) > 0)
    controller.abort(reason)
    await ended
    await until('the end of the source', () => closed)
  })

  test('that nobody takes is given up', async () => {
    client = connect({
      insecure: [server.host],
      timeouts: { stallMs: 100, answerMs: 100, connectMs: 50 },
      retries: { tries: 2 },
    })
    server.always(PATCH, (turn) => void turn.request.pause())
    const bytes = randomBytes(16 * MIB)
    await expect(client.pushBlob(target, sourceOf(bytes))).rejects.toMatchObject({
      code: 'SP_REGISTRY_UNREACHABLE',
      message: expect.stringMatching(/nothing more was taken|no answer/),
    })
  })

  test('of a manifest is not believed when the registry has another digest for it', async () => {
    const told = { 'docker-content-digest': `sha256:${'0'.repeat(64)}` }
    server.always(/^PUT /, faults.answering(201, told))
    const pushing = client.pushManifest(target, MANIFEST_TYPE, Buffer.from('{}'))
    await expect(pushing).rejects.toMatchObject({ code: 'SP_IMAGE_DIGEST' })
  })
})
