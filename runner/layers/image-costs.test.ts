import { afterEach, beforeEach, describe, expect, it } from '@jest/globals'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { DEFAULT_CONFIG } from './image-config.js'
import { imageEntries } from './named-images.js'
import { storePaths } from './store-files.js'
import { openLayerStore } from './store.js'
import { makeTar, makeTemporaryDirectory, removeDirectory } from './testing/archives.js'
import type { LayerStore, NewImage } from './types.js'

/** What images with large configurations cost everybody who uses the store. */
let directory = ''
let store: LayerStore
let image: NewImage
beforeEach(async () => {
  directory = await makeTemporaryDirectory()
  store = await openLayerStore(directory)
  const lease = await store.lease()
  const layer = await store.addLayer(
    {
      diffId: null,
      read: (use) =>
        use(
          (async function* () {
            yield await Promise.resolve(makeTar([{ path: 'file' }]))
          })(),
        ),
    },
    lease,
  )
  await lease.release()
  image = { layers: [layer.diffId], config: DEFAULT_CONFIG }
})
afterEach(async () => {
  await store.flush()
  await removeDirectory(directory)
})

const MIB = 1024 ** 2

function heapBytes(): number {
  setFlagsFromString('--expose-gc')
  runInNewContext('gc()')
  return process.memoryUsage().heapUsed
}

describe('the configuration of an image', () => {
  it('is refused when it has megabytes', async () => {
    const file = JSON.stringify({ history: 'x'.repeat(2 * MIB) })
    await expect(store.setImage('large', { ...image, file })).rejects.toMatchObject({
      code: 'SP_IMAGE_INVALID',
      message: expect.stringContaining('more than 2 MiB') as unknown,
    })
  })

  it('is in memory for one image at a time when all are looked through', async () => {
    const file = JSON.stringify({ history: 'x'.repeat(MIB) })
    for (let index = 0; index < 20; index += 1) {
      await store.setImage(`image:${String(index)}`, { ...image, file })
    }
    const before = heapBytes()
    let seen = 0
    for await (const entry of imageEntries(storePaths(directory))) {
      expect(entry.image.file).toHaveLength(file.length)
      seen += 1
      if (seen === 20) expect(heapBytes() - before).toBeLessThan(8 * MIB)
    }
    expect(seen).toBe(20)
    const [first] = await store.list()
    expect(first).not.toHaveProperty('file')
  })
})
