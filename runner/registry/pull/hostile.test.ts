import { createHash, randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { inspect } from 'node:util'
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals'
import { parseImageName, type ImageName } from '../../layers/image-name.js'
import * as faults from '../../testing/hostile-faults.js'
import { HostileRegistry, type HostileBlob } from '../../testing/hostile-registry.js'
import type { Fault } from '../../testing/hostile-turn.js'
import { until } from '../../testing/until.js'
import { createRegistries } from '../create-registries.js'
import { parseDockerConfig } from '../credentials/docker-config.js'
import type { BlobOptions, RegistriesConfig, Registries, RemoteImage } from '../types.js'

const AMD64 = { os: 'linux', architecture: 'amd64' }
const LAYER = randomBytes(300_000)
const BLOB = /GET .*\/blobs\//
const MANIFEST = /GET .*\/manifests\//

let server: HostileRegistry
let client: Registries
let waits: number[]
const others: { stop(): Promise<void> }[] = []

beforeEach(async () => {
  server = await startServer()
  server.addImage('1', [LAYER])
  waits = []
  client = connect()
})

afterEach(async () => {
  await client.close()
  await Promise.all(others.splice(0).map((one) => one.stop()))
})

async function startServer(
  options: Parameters<typeof HostileRegistry.start>[0] = {},
): Promise<HostileRegistry> {
  const one = await HostileRegistry.start(options)
  others.push(one)
  return one
}

/** Waits take no time, and are written down. */
function connect(config: RegistriesConfig = {}): Registries {
  const wait = (ms: number, signal?: AbortSignal): Promise<void> => {
    signal?.throwIfAborted()
    waits.push(ms)
    return Promise.resolve()
  }
  const timing = { now: () => Date.now(), wait, random: () => 0.5 }
  const created = createRegistries({ insecure: [server.host], timing, ...config })
  others.push({ stop: () => created.close() })
  return created
}

function app(tag = '1'): ImageName {
  return parseImageName(`${server.host}/app:${tag}`)
}

function resolved(name = app()): Promise<RemoteImage> {
  return client.resolve(name, { platform: AMD64 })
}

async function read(image: RemoteImage, options: BlobOptions = {}): Promise<Buffer> {
  const chunks: Buffer[] = []
  for await (const chunk of client.openBlob(image, image.layers[0]!, options)) chunks.push(chunk)
  return Buffer.concat(chunks)
}

describe('a blob', () => {
  test('goes on with the missing bytes where the connection broke, however often it does', async () => {
    const image = await resolved()
    server.next(BLOB, ...[100_000, 50_000, 70_000].map(faults.breakingAfter))
    let progress = 0
    const bytes = await read(image, { onProgress: (more) => (progress += more) })
    expect(bytes.equals(LAYER)).toBe(true)
    expect(progress).toBe(LAYER.length)
    const ranges = server.requests.filter(({ path }) => path.includes(image.layers[0]!.digest))
    expect(ranges.map(({ headers }) => headers.range)).toEqual([
      ...[undefined, 'bytes=100000-', 'bytes=150000-', 'bytes=220000-'],
    ])
  })

  test('skips what it has when the server ignores Range', async () => {
    const image = await resolved()
    server.next(BLOB, faults.breakingAfter(100_000), faults.ignoringRange)
    expect((await read(image)).equals(LAYER)).toBe(true)
  })

  test.each([
    [
      'another Content-Range',
      faults.changed((one) => ({ ...one, headers: { 'content-range': 'bytes 5-9/10' } })),
    ],
    ['no Content-Range', faults.changed((one) => ({ ...one, headers: {} }))],
    ['416', faults.answering(416)],
  ])('asks for the whole when the server answers Range with %s', async (_, fault) => {
    const image = await resolved()
    server.next(BLOB, faults.breakingAfter(100_000), fault)
    expect((await read(image)).equals(LAYER)).toBe(true)
    expect(server.requests.at(-1)?.headers.range).toBeUndefined()
  })

  test.each<[string, Fault]>([
    ['a dropped connection', faults.dropped],
    ['500', faults.answering(500)],
    ['502', faults.answering(502, { 'content-type': 'text/html' }, '<html>Bad gateway')],
    ['503', faults.answering(503)],
    ['429', faults.answering(429)],
  ])('comes all the same after %s', async (_, fault) => {
    const image = await resolved()
    server.next(BLOB, fault, fault)
    const told: string[] = []
    expect((await read(image, { onRetry: (text) => told.push(text) })).equals(LAYER)).toBe(true)
    expect(waits).toEqual([375, 750])
    expect(told).toEqual([
      expect.stringMatching(/trying again in 375 ms \(2 of 5\)$/),
      expect.stringMatching(/trying again in 750 ms \(3 of 5\)$/),
    ])
  })

  test.each<[string, Fault]>([
    ['stops to come', faults.stallingAfter(100_000)],
    ['trickles', faults.trickling(5)],
    ['does not come at all', faults.silent],
  ])('is asked for again when it %s', async (_, fault) => {
    client = connect({ timeouts: { stallMs: 150, answerMs: 100, connectMs: 50 } })
    const image = await resolved()
    server.next(BLOB, fault)
    expect((await read(image)).equals(LAYER)).toBe(true)
    expect(server.count(BLOB)).toBe(2)
  })

  test('may be used slowly without the connection counting as dead', async () => {
    client = connect({ timeouts: { stallMs: 100 } })
    const image = await resolved()
    let size = 0
    for await (const chunk of client.openBlob(image, image.layers[0]!)) {
      if (size === 0) await new Promise((resolve) => setTimeout(resolve, 300))
      size += chunk.length
    }
    expect(size).toBe(LAYER.length)
    expect(server.count(BLOB)).toBe(1)
  })

  test('ends at its size when there is no end of bytes', async () => {
    const image = await resolved()
    server.always(BLOB, faults.endless)
    let size = 0
    const reading = (async () => {
      for await (const chunk of client.openBlob(image, image.layers[0]!)) size += chunk.length
    })()
    await expect(reading).rejects.toMatchObject({
      code: 'SP_IMAGE_DIGEST',
      message: expect.stringContaining('more bytes than its 300000'),
    })
    expect(size).toBeLessThanOrEqual(LAYER.length)
  })

  test.each<[string, Fault, RegExp]>([
    ['a wrong length', faults.answering(200, {}, 'short'), /it has 5 bytes, not 300000/],
    ['an early end', faults.endingAfter(1000), /ended after \d+ of 300000 bytes/],
    ['a wrong byte', faults.wrongByteAt(200_000), /its digest is sha256:/],
  ])('with %s is an error that names blob and registry', async (_, fault, message) => {
    const image = await resolved()
    server.always(BLOB, fault)
    const error: unknown = await read(image).catch((one: unknown) => one)
    expect(error).toMatchObject({
      code: 'SP_IMAGE_DIGEST',
      message: expect.stringMatching(message),
    })
    expect(String(error)).toContain(image.layers[0]!.digest)
    expect(String(error)).toContain(`registry ${server.host}`)
  })

  test('that is small is read once more when its bytes are wrong, and no oftener', async () => {
    const image = await resolved()
    server.next(BLOB, faults.wrongByteAt(3))
    const told: string[] = []
    const onRetry = (text: string): unknown => told.push(text)
    const bytes = await client.readBlob(image, image.config, {
      onRetry: (text) => void onRetry(text),
    })
    expect(JSON.parse(bytes.toString())).toMatchObject(AMD64)
    expect(told).toEqual([expect.stringContaining('reading it again')])
    server.reset()
    server.always(BLOB, faults.wrongByteAt(3))
    await expect(client.readBlob(image, image.config)).rejects.toMatchObject({
      code: 'SP_IMAGE_DIGEST',
    })
    expect(server.count(BLOB)).toBe(2)
  })

  test('that is not there is told by its digest', async () => {
    const image = await resolved()
    server.always(BLOB, faults.answering(404))
    await expect(read(image)).rejects.toMatchObject({
      code: 'SP_IMAGE_NOT_FOUND',
      message: expect.stringContaining(image.layers[0]!.digest),
    })
  })

  test('that registries may leave out is not looked for where the image says', async () => {
    const image = await resolved()
    const mediaType = 'application/vnd.docker.image.rootfs.foreign.diff.tar.gzip'
    server.always(BLOB, faults.answering(404))
    const reading = client.readBlob(image, { ...image.layers[0]!, mediaType })
    await expect(reading).rejects.toMatchObject({
      code: 'SP_IMAGE_NOT_FOUND',
      message: expect.stringContaining('may not be handed on'),
    })
  })
})

describe('the user of a blob', () => {
  async function hashOf(bytes: AsyncIterable<Buffer>): Promise<string> {
    const hash = createHash('sha256')
    for await (const chunk of bytes) hash.update(chunk)
    return `sha256:${hash.digest('hex')}`
  }

  test('is called again with the whole when the bytes were wrong', async () => {
    const image = await resolved()
    server.next(BLOB, faults.wrongByteAt(5))
    let progress = 0
    const options = { onProgress: (bytes: number) => void (progress += bytes) }
    const digest = await client.withBlob(image, image.layers[0]!, hashOf, options)
    expect(digest).toBe(image.layers[0]!.digest)
    expect(server.count(BLOB)).toBe(2)
    expect(progress).toBe(LAYER.length)
  })

  test('is called again when it failed for bytes that prove wrong', async () => {
    const image = await resolved()
    server.next(BLOB, faults.wrongByteAt(200_000))
    let calls = 0
    const use = async (bytes: AsyncIterable<Buffer>): Promise<string> => {
      calls += 1
      if (calls === 2) return hashOf(bytes)
      for await (const chunk of bytes) if (chunk.length > 0) throw new Error('not a tar')
      return ''
    }
    const options = { mayBeBytes: (error: unknown) => String(error).includes('not a tar') }
    expect(await client.withBlob(image, image.layers[0]!, use, options)).toBe(
      image.layers[0]!.digest,
    )
    expect(calls).toBe(2)
  })

  test('has its own failure told when the bytes were right', async () => {
    const image = await resolved()
    const failing = async (bytes: AsyncIterable<Buffer>): Promise<void> => {
      for await (const chunk of bytes) if (chunk.length > 0) throw new Error('disk full')
    }
    for (const mayBeBytes of [() => true, () => false]) {
      const done = client.withBlob(image, image.layers[0]!, failing, { mayBeBytes })
      await expect(done).rejects.toThrow('disk full')
    }
    expect(server.count(BLOB)).toBe(2)
  })

  test('is not believed when it stops before the bytes prove wrong', async () => {
    const image = await resolved()
    server.always(BLOB, faults.wrongByteAt(290_000))
    const use = (): Promise<string> => Promise.resolve('fine')
    await expect(client.withBlob(image, image.layers[0]!, use)).rejects.toMatchObject({
      code: 'SP_IMAGE_DIGEST',
    })
  })

  test('fails at once when it fails while the server is silent', async () => {
    const image = await resolved()
    server.always(BLOB, faults.stallingAfter(1000))
    const use = async (bytes: AsyncIterable<Buffer>): Promise<void> => {
      const iterator = bytes[Symbol.asyncIterator]()
      await iterator.next()
      void iterator.next().catch(() => undefined)
      throw new Error('disk full')
    }
    await expect(client.withBlob(image, image.layers[0]!, use)).rejects.toThrow('disk full')
  })
})

describe('a registry that fails for long', () => {
  test('is given up after five tries, with its last status', async () => {
    server.always(MANIFEST, faults.answering(503))
    await expect(resolved()).rejects.toMatchObject({
      code: 'SP_REGISTRY_FAILED',
      message: expect.stringContaining('answers 503'),
    })
    expect(server.count(MANIFEST)).toBe(5)
    expect(waits).toEqual([375, 750, 1500, 3000])
  })

  test('is waited for as long as it asks', async () => {
    server.next(MANIFEST, faults.answering(429, { 'retry-after': '7' }))
    await resolved()
    expect(waits).toEqual([7000])
  })

  test('is not waited for when it asks for too long', async () => {
    server.always(MANIFEST, faults.answering(429, { 'retry-after': '3600' }))
    await expect(resolved()).rejects.toMatchObject({
      code: 'SP_REGISTRY_FAILED',
      message: expect.stringContaining('too many requests'),
      hint: expect.stringContaining('credentials'),
    })
    expect(waits).toEqual([])
  })

  test('is told by where nothing listens', async () => {
    const name = app()
    await server.stop()
    await expect(resolved(name)).rejects.toMatchObject({
      code: 'SP_REGISTRY_UNREACHABLE',
      message: expect.stringContaining(`nothing listens at ${server.host}`),
    })
  })

  test('is told by its name when there is no such host', async () => {
    client = connect({ retries: { tries: 1 } })
    await expect(resolved(parseImageName('registry.invalid/app'))).rejects.toMatchObject({
      code: 'SP_REGISTRY_UNREACHABLE',
      message: expect.stringMatching(
        /registry registry\.invalid: .*registry\.invalid.*DNS|DNS.*registry\.invalid/,
      ),
    })
  })
})

describe('a server that is no registry', () => {
  test.each<[string, Fault]>([
    ['a web page', faults.answering(404, { 'content-type': 'text/html; charset=utf-8' }, '<html>')],
    ['headers without end', faults.endlessHeaders],
    ['a manifest without end', faults.endless],
    [
      'something that is not HTTP',
      (turn) => void turn.request.socket.end('SSH-2.0-OpenSSH_9.2\r\n'),
    ],
  ])('is told by %s', async (_, fault) => {
    server.always(MANIFEST, fault)
    await expect(resolved()).rejects.toMatchObject({
      code: 'SP_REGISTRY_ANSWER',
      message: expect.stringContaining(`registry ${server.host}`),
    })
  })

  test('is told by a web page in place of a manifest', async () => {
    server.always(MANIFEST, faults.answering(200, { 'content-type': 'text/html' }, '<html>'))
    await expect(resolved()).rejects.toMatchObject({
      code: 'SP_REGISTRY_ANSWER',
      message: expect.stringContaining('web page'),
    })
  })
})

describe('a manifest', () => {
  const digest = `sha256:${'a'.repeat(64)}`
  const config = { mediaType: 'application/vnd.oci.image.config.v1+json', digest, size: 2 }
  const layer = { mediaType: 'application/vnd.oci.image.layer.v1.tar+gzip', digest, size: 2 }

  test('is read again once when its digest is not what the registry says', async () => {
    const lie = faults.changed((one) => ({
      ...one,
      headers: { ...one.headers, 'docker-content-digest': digest },
    }))
    server.next(MANIFEST, lie)
    await resolved()
    server.always(MANIFEST, lie)
    await expect(resolved()).rejects.toMatchObject({ code: 'SP_IMAGE_DIGEST' })
    expect(server.count(MANIFEST)).toBe(4)
  })

  test('has the digest that it was asked for by', async () => {
    const other = server.addManifest('other', { schemaVersion: 2, config, layers: [] })
    server.always(
      MANIFEST,
      faults.changed((one) => ({
        ...one,
        headers: {},
        body: Buffer.concat([one.body, Buffer.from(' ')]),
      })),
    )
    const name = parseImageName(`${server.host}/app@${other.digest}`)
    await expect(resolved(name)).rejects.toMatchObject({ code: 'SP_IMAGE_DIGEST' })
  })

  test.each<[string, object | Buffer, string | undefined, RegExp]>([
    ['schema 1', { schemaVersion: 1, fsLayers: [] }, undefined, /schema 1/],
    ['no JSON', Buffer.from('{'), undefined, /no JSON/],
    ['no object', Buffer.from('[]'), undefined, /no object/],
    [
      'both index and image',
      { schemaVersion: 2, config, layers: [], manifests: [] },
      undefined,
      /both/,
    ],
    [
      'one type inside and another outside',
      { schemaVersion: 2, mediaType: 'application/vnd.oci.image.index.v1+json', manifests: [] },
      'application/vnd.oci.image.manifest.v1+json',
      /the registry says/,
    ],
    [
      'no image',
      {
        schemaVersion: 2,
        config: { ...config, mediaType: 'application/vnd.cncf.helm.config.v1+json' },
        layers: [],
      },
      undefined,
      /no container image but application\/vnd.cncf.helm/,
    ],
    [
      'of a layer that nobody can unpack',
      {
        schemaVersion: 2,
        config,
        layers: [{ ...layer, mediaType: 'application/vnd.oci.image.layer.v1.tar+gzip+encrypted' }],
      },
      undefined,
      /gzip\+encrypted/,
    ],
    [
      'of a layer with a path as digest',
      { schemaVersion: 2, config, layers: [{ ...layer, digest: 'sha256:../../etc/passwd' }] },
      undefined,
      /no sha256 digest/,
    ],
    [
      'of a negative size',
      { schemaVersion: 2, config: { ...config, size: -1 }, layers: [] },
      undefined,
      /size/,
    ],
    [
      'of too many layers',
      { schemaVersion: 2, config, layers: Array(1001).fill(layer) },
      undefined,
      /1001 layers/,
    ],
  ])('that is %s is refused by name', async (_, value, mediaType, message) => {
    server.addManifest('bad', value, mediaType ?? 'application/json')
    await expect(resolved(app('bad'))).rejects.toMatchObject({
      code: 'SP_IMAGE_MANIFEST',
      message: expect.stringMatching(message),
    })
  })
})

describe('an index', () => {
  const TYPE = 'application/vnd.oci.image.index.v1+json'

  function index(tag: string, manifests: readonly object[]): HostileBlob {
    return server.addManifest(tag, { schemaVersion: 2, mediaType: TYPE, manifests }, TYPE)
  }

  test('may be inside another', async () => {
    const image = server.addImage('inner', [LAYER])
    index('outer', [index('middle', [{ ...image, platform: AMD64 }])])
    expect((await resolved(app('outer'))).manifest.digest).toBe(image.digest)
  })

  test('is not followed without end', async () => {
    let deepest = index('deep-0', [])
    for (const depth of [1, 2, 3, 4]) deepest = index(`deep-${depth}`, [deepest])
    await expect(resolved(app('deep-4'))).rejects.toMatchObject({
      code: 'SP_IMAGE_MANIFEST',
      message: expect.stringContaining('inside each other'),
    })
  })

  test('with many images that say no platform is not read without end', async () => {
    const config = { os: 'linux', architecture: 's390x' }
    const configBlob = server.addBlob(
      Buffer.from(JSON.stringify(config)),
      'application/vnd.oci.image.config.v1+json',
    )
    const images = Array.from({ length: 30 }, (_, number) =>
      server.addManifest(`no-${number}`, {
        schemaVersion: 2,
        ...{ config: configBlob, layers: [], annotations: { number: String(number) } },
      }),
    )
    index('vague', images)
    await expect(resolved(app('vague'))).rejects.toMatchObject({ code: 'SP_IMAGE_MANIFEST' })
    expect(server.count(MANIFEST)).toBeLessThan(20)
  })

  test('of images that say no platform is understood by their configurations', async () => {
    const image = server.addImage('inner', [LAYER])
    index('vague', [image])
    expect((await resolved(app('vague'))).manifest.digest).toBe(image.digest)
    const other = { os: 'linux', architecture: 's390x' }
    await expect(client.resolve(app('vague'), { platform: other })).rejects.toMatchObject({
      code: 'SP_IMAGE_PLATFORM',
      message: expect.stringContaining('it has linux/amd64'),
    })
  })

  test('of nothing but attestations has no image', async () => {
    const image = server.addImage('inner', [LAYER])
    index('facts', [{ ...image, platform: { os: 'unknown', architecture: 'unknown' } }])
    await expect(resolved(app('facts'))).rejects.toMatchObject({ code: 'SP_IMAGE_PLATFORM' })
  })
})

describe('a redirect', () => {
  const login = { username: 'piper', password: 'sand-piper' }

  function own(host: string): ReturnType<typeof parseDockerConfig> {
    return parseDockerConfig(JSON.stringify({ auths: { [host]: login } }), 'config.json')
  }

  test('of a blob is followed to another host, without credentials', async () => {
    const storage = await startServer()
    storage.addBlob(LAYER)
    client = connect({ credentials: [own(server.host)] })
    const wanted = 'Basic realm="of the test"'
    server.next(MANIFEST, faults.answering(401, { 'www-authenticate': wanted }))
    const image = await resolved()
    const location = `http://${storage.host}/v2/x/blobs/${image.layers[0]!.digest}?signature=of-the-url`
    server.always(BLOB, faults.answering(307, { location }))
    expect((await read(image)).equals(LAYER)).toBe(true)
    expect(server.requests.at(-1)?.headers.authorization).toMatch(/^Basic /)
    expect(storage.requests.map(({ headers }) => headers.authorization)).toEqual([undefined])
    storage.always(BLOB, faults.answering(403))
    const error: unknown = await read(image).catch((one: unknown) => one)
    expect(String(error)).toContain(storage.host)
    expect(inspect(error, { depth: 9 })).not.toContain('of-the-url')
  })

  test('leads on when a redirected blob breaks off', async () => {
    const storage = await startServer()
    storage.addBlob(LAYER)
    const image = await resolved()
    const location = `http://${storage.host}/v2/x/blobs/${image.layers[0]!.digest}`
    server.always(BLOB, faults.answering(302, { location }))
    storage.next(BLOB, faults.breakingAfter(10_000))
    expect((await read(image)).equals(LAYER)).toBe(true)
    expect(storage.requests.at(-1)?.headers.range).toBe('bytes=10000-')
  })

  test('in a circle comes to an end', async () => {
    const image = await resolved()
    server.always(BLOB, (turn) =>
      turn.send({
        status: 307,
        headers: { location: turn.request.url ?? '' },
        body: Buffer.alloc(0),
      }),
    )
    await expect(read(image)).rejects.toMatchObject({ code: 'SP_REGISTRY_REDIRECT' })
    expect(server.count(BLOB)).toBe(6)
  })

  test.each([
    'http://169.254.169.254/latest/meta-data/',
    'http://[fe80::1]/x',
    'http://[::ffff:169.254.169.254]/x',
  ])('to %s, where clouds keep their secrets, is not followed', async (location) => {
    const image = await resolved()
    server.always(BLOB, faults.answering(307, { location }))
    await expect(read(image)).rejects.toMatchObject({ code: 'SP_REGISTRY_ADDRESS' })
  })

  test.each(['file:///etc/passwd', 'ftp://127.0.0.1/x'])(
    'to %s is not followed',
    async (location) => {
      const image = await resolved()
      server.always(BLOB, faults.answering(307, { location }))
      await expect(read(image)).rejects.toMatchObject({ code: 'SP_REGISTRY_REDIRECT' })
    },
  )

  test('is not needed: a name that is such an address is not asked either', async () => {
    const name = parseImageName('169.254.169.254/app')
    await expect(resolved(name)).rejects.toMatchObject({ code: 'SP_REGISTRY_ADDRESS' })
  })
})

describe('whoever has enough', () => {
  const reason = new Error('enough')

  test.each<[string, RegExp, Fault]>([
    ['while there is no answer', MANIFEST, faults.silent],
    ['in the middle of a manifest', MANIFEST, faults.stallingAfter(10)],
    ['in the middle of a blob', BLOB, faults.stallingAfter(1000)],
    ['while nobody answers for a blob', BLOB, faults.silent],
  ])('is free at once %s', async (_, match, fault) => {
    const closed = new Promise<void>((resolve) => {
      server.always(match, (turn) => {
        void once(turn.response, 'close').then(() => resolve())
        return fault(turn)
      })
    })
    const controller = new AbortController()
    const { signal } = controller
    const pulling = client
      .resolve(app(), { platform: AMD64, signal })
      .then((image) => read(image, { signal }))
    const ended = expect(pulling).rejects.toBe(reason)
    await until('a request', () => server.count(match) > 0)
    controller.abort(reason)
    await ended
    await closed
  })

  test('is free at once while it waits for the next try', async () => {
    client = createRegistries({
      insecure: [server.host],
      retries: { baseMs: 60_000, waitMsMax: 60_000 },
    })
    server.always(MANIFEST, faults.answering(500))
    const controller = new AbortController()
    const waiting = new Promise<void>((resolve) => {
      const options = { signal: controller.signal, onRetry: () => resolve() }
      void expect(client.resolve(app(), options)).rejects.toBe(reason)
    })
    await waiting
    controller.abort(reason)
  })
})
