import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals'
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises'
import os from 'node:os'
import path from 'node:path'
import { openLayerStore } from '../layers/store.js'
import { makeTar, sha256 } from '../layers/testing/archives.js'
import type { LayerStore, Lease } from '../layers/types.js'
import { parseDockerConfig } from '../registry/credentials/docker-config.js'
import { createRegistries } from '../registry/create-registries.js'
import { OciLayout, type LayoutImage } from '../testing/oci-layout.js'
import { TestRegistry } from '../testing/registry.js'
import { makeSmallDisk } from '../testing/small-disk.js'
import { openImages, type ImagesOptions } from './images.js'
import type { Images, PullProgress } from './types.js'

const BASE = makeTar([
  { path: 'bin', flag: '5' },
  { path: 'bin/tool', content: 'one', mode: 0o755 },
])
const UPPER = makeTar([{ path: 'bin/.wh.tool' }, { path: 'bin/other', content: 'two' }])
const THIRD = makeTar([{ path: 'third', content: 'x'.repeat(100_000) }])

let registry: TestRegistry
let scratch = ''
let directory = ''
let store: LayerStore
let lease: Lease
let images: Images

beforeAll(async () => {
  scratch = await mkdtemp(path.join(os.tmpdir(), 'sandpiper-images-'))
  registry = await TestRegistry.start()
})
afterAll(async () => {
  await registry.remove()
  await rm(scratch, { recursive: true, force: true })
})

beforeEach(async () => {
  directory = await mkdtemp(path.join(scratch, 'store-'))
  ;({ store, images } = await open(directory))
  lease = await store.lease()
})
afterEach(async () => {
  await lease.release()
  await images.close()
  await store.flush()
})

async function open(
  at: string,
  more: Partial<ImagesOptions> = {},
): Promise<{ store: LayerStore; images: Images }> {
  const opened = await openLayerStore(at)
  const registries = createRegistries({
    insecure: [registry.host],
    retries: { tries: 2, baseMs: 1 },
  })
  const options = { store: opened, registries, layersBytesMax: 1e9, ...more }
  return { store: opened, images: openImages(options) }
}

let serial = 0

/** Puts an image into the registry under a name of its own, or the one that is given. */
async function push(
  image: LayoutImage,
  name = `test/image:${String((serial += 1))}`,
): Promise<string> {
  const layout = new OciLayout(await mkdtemp(path.join(scratch, 'layout-')))
  await layout.addImage('x', image)
  await registry.copyIn(layout.source('x'), name)
  return `${registry.host}/${name}`
}

function layerNames(): Promise<string[]> {
  return readdir(path.join(directory, 'layers/sha256'))
}

describe('pull', () => {
  it('brings the layers of an image, however they are packed, with what it says of itself', async () => {
    for (const packing of ['gzip', 'zstd', 'none'] as const) {
      const config = { Env: ['A=b'], User: 'ada', ExposedPorts: { '80/tcp': {} } }
      const name = await push({ layers: [BASE, UPPER], packing, config })
      const seen: PullProgress[] = []
      const image = await images.pull(name, { lease, onProgress: (one) => seen.push(one) })
      expect(image).toMatchObject({
        name,
        layers: [BASE, UPPER].map((layer) => `sha256:${sha256(layer)}`),
        config: { user: 'ada', ports: [80] },
        origin: { registry: registry.host, repository: 'test/image' },
        id: `sha256:${sha256(Buffer.from(image.file ?? ''))}`,
      })
      expect(image.config.env['A']).toBe('b')
      expect(await store.find(name)).toEqual(image)
      const { bytes, bytesDone, ...layers } = seen.at(-1)!
      expect(layers).toEqual({ layers: 2, layersDone: 2 })
      expect(bytesDone).toBe(bytes)
    }
    expect(await layerNames()).toHaveLength(2)
    expect(await readdir(path.join(directory, 'tmp'))).toEqual([])
    const files = await readdir(directory, { recursive: true })
    expect(files.filter((file) => /\.(tar|gz|zst)$|blobs/.test(file))).toEqual([])
    const layer = await store.layer(`sha256:${sha256(BASE)}`)
    expect(layer?.blob).toMatchObject({ registry: registry.host, repository: 'test/image' })
  })

  it('does not bring again what is there', async () => {
    await images.pull(await push({ layers: [BASE] }), { lease })
    const next = await push({ layers: [BASE, THIRD] })
    let come = 0
    const counting = createRegistries({ insecure: [registry.host] })
    const watched = openImages({
      store,
      layersBytesMax: 1e9,
      registries: {
        ...counting,
        withBlob: (...args) => {
          come += 1
          return counting.withBlob(...args)
        },
      },
    })
    await watched.pull(next, { lease })
    await watched.close()
    expect(come).toBe(1)
  })

  it('brings an image that many want at once one time', async () => {
    const name = await push({ layers: [BASE, UPPER, THIRD] })
    const others = await Promise.all([open(directory), open(directory)])
    const all = [images, images, ...others.map((one) => one.images)]
    const pulled = await Promise.all(all.map((one) => one.pull(name, { lease })))
    expect(new Set(pulled.map(({ id }) => id)).size).toBe(1)
    expect((await layerNames()).sort()).toEqual([BASE, UPPER, THIRD].map(sha256).sort())
    await Promise.all(others.map((one) => one.images.close()))
    await Promise.all(others.map((one) => one.store.flush()))
  })

  it('refuses an image for another platform', async () => {
    const name = await push({ layers: [BASE], platform: { os: 'linux', architecture: 's390x' } })
    await expect(images.pull(name, { lease })).rejects.toMatchObject({
      code: 'SP_IMAGE_PLATFORM',
      message: expect.stringContaining('linux/s390x'),
    })
  })

  it('refuses an image that all the room there is for layers would not do for', async () => {
    const small = await open(directory, { layersBytesMax: 50_000 })
    const name = await push({ layers: [BASE, THIRD] })
    await expect(small.images.pull(name, { lease })).rejects.toMatchObject({
      code: 'SP_IMAGE_TOO_LARGE',
      message: expect.stringContaining('more than 48.8 KiB'),
    })
    await small.images.close()
    await small.store.flush()
  })

  it('makes room for what it brings, by what was used longest ago', async () => {
    const small = await open(directory, { layersBytesMax: 150_000 })
    const free = await store.lease()
    const first = await push({ layers: [THIRD] })
    await small.images.pull(first, { lease: free })
    await free.release()
    const more = makeTar([{ path: 'fourth', content: 'y'.repeat(100_000) }])
    const second = await push({ layers: [more] })
    await small.images.pull(second, { lease })
    expect((await store.list()).map(({ name }) => name)).toEqual([second])
    await small.images.close()
    await small.store.flush()
  })
})

describe('require', () => {
  it('pulls what is not there, and asks nobody about what is', async () => {
    const name = await push({ layers: [BASE] })
    const image = await images.require(name, { lease })
    await registry.down()
    try {
      expect(await images.require(name, { lease })).toEqual(image)
      expect(await images.require(name, { lease, policy: 'never' })).toEqual(image)
      const missing = `${registry.host}/test/none:1`
      await expect(images.require(missing, { lease, policy: 'never' })).rejects.toMatchObject({
        code: 'SP_RUNNER_NO_IMAGE',
      })
      await expect(images.require(missing, { lease })).rejects.toMatchObject({
        code: 'SP_REGISTRY_UNREACHABLE',
      })
    } finally {
      await registry.up()
    }
  })

  it('takes the newest of `latest`, and with `always` of any tag', async () => {
    for (const [tag, policy] of [
      ['latest', undefined],
      ['v1', 'always'],
    ] as const) {
      const name = await push({ layers: [BASE] }, `test/moving:${tag}`)
      const options = { lease, ...(policy === undefined ? {} : { policy }) }
      const before = await images.require(name, options)
      expect(await images.require(name, options)).toEqual(before)
      await push({ layers: [UPPER] }, `test/moving:${tag}`)
      expect((await images.require(name, options)).layers).toEqual([`sha256:${sha256(UPPER)}`])
    }
  })

  it('goes on with what it has of `latest` when the registry is away, but not with `always`', async () => {
    const name = await push({ layers: [BASE] }, 'test/away:latest')
    const image = await images.require(name, { lease })
    await registry.down()
    try {
      const said: string[] = []
      const say = (text: string): void => void said.push(text)
      expect(await images.require(name, { lease, say })).toEqual(image)
      expect(said.at(-1)).toMatch(/^warning: .*; using the image that was pulled before$/)
      await expect(images.require(name, { lease, policy: 'always' })).rejects.toMatchObject({
        code: 'SP_REGISTRY_UNREACHABLE',
      })
    } finally {
      await registry.up()
    }
  })

  it('takes an image that was imported for what is meant, unless `always` is said', async () => {
    const name = await push({ layers: [UPPER] }, 'test/imported:latest')
    await store.importBusybox(name)
    expect((await images.require(name, { lease })).origin).toBeUndefined()
    const pulled = await images.require(name, { lease, policy: 'always' })
    expect(pulled.layers).toEqual([`sha256:${sha256(UPPER)}`])
  })

  it('finds an image by its digest', async () => {
    const name = await push({ layers: [BASE] }, 'test/digest:1')
    const { origin } = await images.pull(name, { lease })
    const byDigest = `${registry.host}/test/digest@${origin?.manifest ?? ''}`
    const image = await images.require(byDigest, { lease })
    expect(image).toMatchObject({ name: byDigest, layers: [`sha256:${sha256(BASE)}`] })
  })
})

describe('an image that was pulled with a pipeline’s own credentials', () => {
  it('is for those only whom the registry lets in', async () => {
    const closed = await TestRegistry.start({ auth: 'basic' })
    try {
      const layout = new OciLayout(await mkdtemp(path.join(scratch, 'layout-')))
      await layout.addImage('x', { layers: [BASE] })
      await closed.copyIn(layout.source('x'), 'secret:1')
      const registries = createRegistries({
        insecure: [closed.host],
        retries: { tries: 1, baseMs: 1 },
      })
      const asking = openImages({ store, registries, layersBytesMax: 1e9 })
      const name = `${closed.host}/secret:1`
      const credentials = [parseDockerConfig(closed.dockerConfig, 'secret one')]
      const image = await asking.require(name, { lease, credentials })
      expect(image.origin?.lent).toBe(true)
      for (const policy of [undefined, 'if-not-exists', 'never'] as const) {
        const options = { lease, ...(policy === undefined ? {} : { policy }) }
        await expect(asking.require(name, options)).rejects.toMatchObject({
          code: 'SP_IMAGE_DENIED',
        })
        expect(await asking.require(name, { ...options, credentials })).toEqual(image)
      }
      const digest = `${closed.host}/secret@${image.origin?.manifest ?? ''}`
      await asking.require(digest, { lease, credentials })
      await expect(asking.require(digest, { lease })).rejects.toMatchObject({
        code: 'SP_IMAGE_DENIED',
      })
      await closed.down()
      await expect(asking.require(name, { lease, credentials })).rejects.toMatchObject({
        code: 'SP_REGISTRY_UNREACHABLE',
      })
      await asking.close()
    } finally {
      await closed.remove()
    }
  })
})

describe('a disk that fills while an image comes', () => {
  it('is told, leaves nothing half-made, and what else is there stays usable', async () => {
    const disk = await makeSmallDisk()
    try {
      const big = makeTar([{ path: 'big', content: 'z'.repeat(8 * 1024 * 1024) }])
      const small = await open(path.join(disk.directory, 'layers'))
      const own = await small.store.lease()
      const kept = await small.images.pull(await push({ layers: [BASE] }), { lease: own })
      disk.fill(4 * 1024 * 1024)
      const name = await push({ layers: [BASE, big, UPPER] })
      await expect(small.images.pull(name, { lease: own })).rejects.toMatchObject({
        code: 'SP_LAYER_DISK_FULL',
      })
      expect(await small.store.find(name)).toBeNull()
      expect(await small.store.find(kept.name)).toEqual(kept)
      expect(await readdir(path.join(disk.directory, 'layers/tmp'))).toEqual([])
      expect((await small.store.verify()).faults).toEqual([])
      disk.empty()
      await small.images.pull(name, { lease: own })
      const [, second] = small.store.layerPaths((await small.store.find(name))!)
      expect(await readFile(path.join(second!, 'big'), 'latin1')).toHaveLength(8 * 1024 * 1024)
      await own.release()
      await small.images.close()
      await small.store.flush()
    } finally {
      await disk.remove()
    }
  })

  it('has images that nobody needs given up first', async () => {
    const disk = await makeSmallDisk()
    try {
      const big = (letter: string): Buffer =>
        makeTar([{ path: letter, content: letter.repeat(8 * 1024 * 1024) }])
      const small = await open(path.join(disk.directory, 'layers'))
      const first = await small.store.lease()
      await small.images.pull(await push({ layers: [big('a')] }), { lease: first })
      await first.release()
      disk.fill(4 * 1024 * 1024)
      const own = await small.store.lease()
      const name = await push({ layers: [big('b')] })
      await small.images.pull(name, { lease: own })
      expect((await small.store.list()).map((image) => image.name)).toEqual([name])
      await own.release()
      await small.images.close()
      await small.store.flush()
    } finally {
      await disk.remove()
    }
  })
})
