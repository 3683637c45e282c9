import { afterEach, beforeEach, describe, expect, it } from '@jest/globals'
import { randomBytes } from 'node:crypto'
import { mkdtemp, rm } from 'node:fs/promises'
import os from 'node:os'
import path from 'node:path'
import { gzipSync } from 'node:zlib'
import { digestOf } from '../layers/oci.js'
import { openLayerStore } from '../layers/store.js'
import { makeTar } from '../layers/testing/archives.js'
import type { LayerStore } from '../layers/types.js'
import { createRegistries } from '../registry/create-registries.js'
import { throttled } from '../testing/hostile-faults.js'
import type { DiskUser } from '../disk-guard/disk-guard.js'
import { HostileRegistry } from '../testing/hostile-registry.js'
import { until } from '../testing/until.js'
import { openImages } from './images.js'
import type { Images } from './types.js'

/** Stages that have nothing to do with each other pull at once, one of them from a registry without an end. */
const LAYER = makeTar([{ path: 'file', content: 'x' }])
const BLOB = /GET .*\/blobs\//

let scratch = ''
let slow: HostileRegistry
let proper: HostileRegistry
let store: LayerStore
let images: Images

beforeEach(async () => {
  scratch = await mkdtemp(path.join(os.tmpdir(), 'sandpiper-apart-'))
  slow = await HostileRegistry.start()
  proper = await HostileRegistry.start()
  store = await openLayerStore(scratch)
  const registries = createRegistries({ insecure: [slow.host, proper.host] })
  images = openImages({ store, registries, layersBytesMax: 1e9 })
})
afterEach(async () => {
  await images.close()
  await slow.stop()
  await proper.stop()
  await rm(scratch, { recursive: true, force: true })
})

/** An image whose layers are said to be these, whatever its blobs are. */
function addImage(
  registry: HostileRegistry,
  blobs: readonly Buffer[],
  diffIds: readonly string[],
): void {
  const config = { os: 'linux', architecture: 'amd64', rootfs: { diff_ids: diffIds } }
  registry.addManifest('1', {
    schemaVersion: 2,
    config: registry.addBlob(
      Buffer.from(JSON.stringify(config)),
      'application/vnd.oci.image.config.v1+json',
    ),
    layers: blobs.map((bytes) => registry.addBlob(bytes)),
  })
}

async function pullBesides(blobs: readonly Buffer[], diffIds: readonly string[]): Promise<void> {
  addImage(slow, blobs, diffIds)
  addImage(proper, [gzipSync(LAYER)], [digestOf(LAYER)])
  slow.next(BLOB, (turn) => turn.proper().then((answer) => turn.send(answer)))
  slow.always(BLOB, throttled(1))
  const [own, others] = [await store.lease(), await store.lease()]
  const stop = new AbortController()
  const stuck = images.pull(`${slow.host}/app:1`, { lease: others, signal: stop.signal })
  stuck.catch(() => undefined)
  try {
    await until('all slots to be taken', () => slow.count(BLOB) > Math.min(3, blobs.length))
    const image = await images.pull(`${proper.host}/debian:1`, { lease: own })
    expect(image.layers).toEqual([digestOf(LAYER)])
  } finally {
    stop.abort(new Error('enough'))
    await expect(stuck).rejects.toThrow('enough')
    await Promise.all([own.release(), others.release()])
  }
}

describe('a pull that takes the disk', () => {
  it('is ended when it takes most of it, and leaves nothing behind', async () => {
    const endless = randomBytes(400_000)
    addImage(slow, [gzipSync(LAYER), endless], [digestOf(LAYER), digestOf('other')])
    slow.always(new RegExp(`GET .*${digestOf(endless)}`), throttled(100))
    const users: DiskUser[] = []
    const watchDisk = (user: DiskUser): (() => void) => {
      users.push(user)
      return () => void users.pop()
    }
    const registries = createRegistries({ insecure: [slow.host] })
    const watched = openImages({ store, registries, layersBytesMax: 1e9, watchDisk })
    const lease = await store.lease()
    const pulling = watched.pull(`${slow.host}/app:1`, { lease })
    pulling.catch(() => undefined)
    await until('one layer to be there', async () => (await store.layer(digestOf(LAYER))) !== null)
    expect(await users[0]?.measure()).toBeGreaterThanOrEqual(LAYER.length)
    users[0]?.evict('the disk is full; ended as the one that takes most')
    await expect(pulling).rejects.toMatchObject({
      code: 'SP_RUNNER_DISK_FULL',
      message: expect.stringContaining('app:1: the disk is full; ended as the one') as unknown,
    })
    expect(users).toEqual([])
    // Though the stage goes on.
    await watched.giveUpUnused()
    expect(await store.layer(digestOf(LAYER))).toBeNull()
    await lease.release()
    await watched.close()
  })
})

describe('a pull beside one that does not end', () => {
  it('does not wait for a layer that the other image only says to be the same', async () => {
    await pullBesides([Buffer.concat([gzipSync(LAYER), Buffer.alloc(100_000)])], [digestOf(LAYER)])
  })

  it('does not wait for its turn behind the layers of the other', async () => {
    const blobs = [1, 2, 3, 4].map((byte) => Buffer.alloc(100_000, byte))
    await pullBesides(blobs, blobs.map(digestOf))
  })
})
