import { afterEach, beforeEach, describe, expect, it } from '@jest/globals'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { readdir, readFile, rename, utimes, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import { ownIdentity } from '../../git/process-identity.js'
import { openLayerStore } from './store.js'
import {
  makeTar,
  makeTemporaryDirectory,
  removeDirectory,
  sh,
  sha256,
  writeArchive,
} from './testing/archives.js'
import type { LayerSource, LayerStore } from './types.js'

let directory = ''
let root = ''
let store: LayerStore

beforeEach(async () => {
  directory = await makeTemporaryDirectory()
  root = join(directory, 'store')
  store = await openLayerStore(root)
})
afterEach(async () => {
  await store.flush()
  await removeDirectory(directory)
})

const ONE = makeTar([{ path: 'one', content: 'x'.repeat(1000) }])
const TWO = makeTar([{ path: 'two', content: 'x'.repeat(2000) }])
const ID = `sha256:${sha256(ONE)}`

/** A layer that tells how often it was read. */
function source(bytes: Buffer): LayerSource & { reads: number } {
  const made = {
    diffId: `sha256:${sha256(bytes)}`,
    reads: 0,
    read: <T>(use: (archive: AsyncIterable<Buffer>) => Promise<T>): Promise<T> => {
      made.reads += 1
      return use(Readable.from([bytes]))
    },
  }
  return made
}

function layers(): Promise<string[]> {
  return readdir(join(root, 'layers/sha256'))
}

describe('a lease', () => {
  it('keeps its layers from being removed until it is released', async () => {
    const lease = await store.lease()
    await store.addLayer(source(ONE), lease)
    const other = await openLayerStore(root)
    expect(await other.prune({ bytesMax: 0, unused: true })).toMatchObject({ layers: [] })
    await store.setImage('a', { layers: [ID], config: (await store.importBusybox('b')).config })
    expect(await other.remove('a')).toBe(true)
    expect(await store.layer(ID)).toMatchObject({ size: 1000, entries: 2 })
    await lease.release()
    expect((await other.prune({ bytesMax: 1e9, unused: true })).layers).toEqual([ID])
    expect(await store.layer(ID)).toBeNull()
  })

  it('ends with the process that holds it', async () => {
    const lease = await store.lease()
    await store.addLayer(source(ONE), lease)
    const child = spawn('sleep', ['60'])
    const { startTime } = await identityOf(child.pid ?? 0)
    child.kill('SIGKILL')
    await once(child, 'close')
    const { bootId, pidNamespace } = await ownIdentity()
    const [name = ''] = await readdir(join(root, 'leases'))
    const dead = [child.pid, startTime, bootId, encodeURIComponent(pidNamespace), 'x'].join('_')
    await rename(join(root, 'leases', name), join(root, 'leases', dead))
    expect((await store.prune({ bytesMax: 0 })).layers).toEqual([ID])
    expect(await readdir(join(root, 'leases'))).toEqual([])
  })

  it('holds none of the layers when one is not there', async () => {
    const first = await store.lease()
    await store.addLayer(source(ONE), first)
    const second = await store.lease()
    expect(await second.hold([ID, `sha256:${'0'.repeat(64)}`])).toBe(false)
    await first.release()
    expect((await store.prune({ bytesMax: 0 })).layers).toEqual([ID])
    await second.release()
  })
})

async function identityOf(pid: number): Promise<{ startTime: string }> {
  const stat = await readFile(`/proc/${String(pid)}/stat`, 'utf8')
  return { startTime: stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19] ?? '' }
}

describe('a layer that several want at once', () => {
  it('is read once, by stores of other processes too', async () => {
    const other = await openLayerStore(root)
    const one = source(ONE)
    const leases = await Promise.all([store, store, other, other].map((each) => each.lease()))
    await Promise.all(
      [store, store, other, other].map((each, at) => each.addLayer(one, leases[at]!)),
    )
    expect(one.reads).toBe(1)
    await Promise.all(leases.map((lease) => lease.release()))
  })

  it('is tried by the next one when the first fails', async () => {
    const lease = await store.lease()
    let opened = (): void => undefined
    const isOpen = new Promise<void>((resolve) => (opened = resolve))
    let fail = (_: Error): void => undefined
    const bad = {
      ...source(ONE),
      read: () =>
        new Promise<never>((_, reject) => {
          fail = reject
          opened()
        }),
    }
    const good = source(ONE)
    const first = store.addLayer(bad, lease)
    await isOpen
    const second = store.addLayer(good, lease)
    fail(new Error('no luck'))
    const results = await Promise.allSettled([first, second])
    expect(results.map(({ status }) => status)).toEqual(['rejected', 'fulfilled'])
    expect(good.reads).toBe(1)
    await lease.release()
  })
})

describe('making room', () => {
  it('removes images by when they were used, pinned ones never', async () => {
    const archives = [ONE, TWO, makeTar([{ path: 'three', content: 'x'.repeat(3000) }])]
    for (const [at, bytes] of archives.entries()) {
      const name = `image:${String(at)}`
      await store.importTar(name, await writeArchive(directory, 'a', bytes))
      const old = new Date(1e12 + at * 1000)
      await utimes(join(root, `images/docker.io%2Flibrary%2Fimage%3A${String(at)}.json`), old, old)
    }
    await store.touch({ name: 'image:0' })
    expect(await store.pin('image:1', true)).toBe(true)
    expect(await store.prune({ bytesMax: 3500, imported: true })).toMatchObject({
      ...{ images: ['image:2'], bytes: 3000 },
    })
    expect((await store.list()).map(({ name }) => name)).toEqual(['image:0', 'image:1'])
    expect(await store.prune({ bytesMax: 0, imported: true })).toMatchObject({
      images: ['image:0'],
    })
    expect(await store.pin('image:1', false)).toBe(true)
    expect(await store.prune({ bytesMax: 0 })).toMatchObject({ images: [] })
    expect(await store.prune({ bytesMax: 0, imported: true })).toMatchObject({
      images: ['image:1'],
    })
    expect(await layers()).toEqual([])
  })

  it('counts records of builds as uses of their layers, and gives them up in turn', async () => {
    const lease = await store.lease()
    await store.addLayer(source(ONE), lease)
    await store.writeRecord('RUN make', { layers: [ID], data: { cmd: 1 } })
    await lease.release()
    expect((await store.prune({ bytesMax: 1e6, unused: true })).layers).toEqual([])
    const reader = await store.lease()
    expect(await store.readRecord('RUN make', reader)).toEqual({ layers: [ID], data: { cmd: 1 } })
    expect(await store.readRecord('RUN other', reader)).toBeNull()
    await reader.release()
    expect((await store.prune({ bytesMax: 0 })).layers).toEqual([ID])
    expect(await store.readRecord('RUN make', await store.lease())).toBeNull()
  })
})

describe('verify', () => {
  it('tells of every layer that is not as it was unpacked, and repairs by bringing it again', async () => {
    const archive = makeTar([
      { path: 'etc', flag: '5' },
      { path: 'etc/file', content: 'text', xattrs: { 'user.note': 'a' } },
      { path: '.wh.gone' },
    ])
    const file = await writeArchive(directory, 'a', archive)
    const damages = [
      'printf tex! > etc/file',
      'chmod 600 etc/file',
      'chown 1:1 etc',
      'rm gone',
      'rm -r etc',
      'touch new',
      'ln etc/file other',
      'rm -r ../fs',
      'rm ../layer.json',
    ]
    for (const damage of damages) {
      const image = await store.importTar('a', file)
      expect(await store.verify()).toEqual({ images: 1, layers: 1, faults: [] })
      await sh(store.layerPaths(image)[0]!, damage)
      const { faults } = await store.verify({ repair: true })
      expect(faults.map(({ what }) => what)).toEqual([image.layers[0], 'a:latest'])
      expect(await store.find('a')).toBeNull()
      expect(await layers()).toEqual([])
    }
  })
})

describe('after a power loss', () => {
  it('a layer that may have holes is not there, one that reached the disk is', async () => {
    await store.importTar('one', await writeArchive(directory, '1', ONE))
    await store.flush()
    await store.importTar('two', await writeArchive(directory, '2', TWO))
    await store.flush()
    const file = join(root, 'layers/sha256', sha256(TWO), 'layer.json')
    const about = JSON.parse(await readFile(file, 'utf8')) as object
    expect(about).not.toHaveProperty('unsyncedBoot')
    await writeFile(file, JSON.stringify({ ...about, unsyncedBoot: 'another' }))
    const later = await openLayerStore(root)
    expect(await later.find('one')).not.toBeNull()
    expect(await later.find('two')).toBeNull()
    expect(await layers()).toEqual([sha256(ONE)])
    await later.importTar('two', join(directory, '2'))
    await later.flush()
    expect(await later.find('two')).not.toBeNull()
  })
})
