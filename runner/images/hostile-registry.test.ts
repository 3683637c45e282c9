import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals'
import { randomBytes } from 'node:crypto'
import { mkdtemp, readdir, rm } from 'node:fs/promises'
import os from 'node:os'
import path from 'node:path'
import { makeTar } from '../layers/testing/archives.js'
import { openLayerStore } from '../layers/store.js'
import type { LayerStore } from '../layers/types.js'
import { createRegistries } from '../registry/create-registries.js'
import {
  answering,
  breakingAfter,
  changed,
  dropped,
  endingAfter,
  endless,
  ignoringRange,
  stallingAfter,
  wrongByteAt,
} from '../testing/hostile-faults.js'
import { HostileRegistry } from '../testing/hostile-registry.js'
import type { Fault } from '../testing/hostile-turn.js'
import { OciLayout } from '../testing/oci-layout.js'
import { TestRegistry } from '../testing/registry.js'
import { openImages } from './images.js'
import type { Images } from './types.js'

/** Cannot be compressed, so that the middle of a blob is the middle of its layer. */
const LAYERS = [0, 1, 2].map((layer) =>
  makeTar([{ path: `file${String(layer)}`, content: randomBytes(100_000).toString('base64') }]),
)
/** Each try brings some of it, or all. */
const PASSABLE = [
  'drops them in the middle',
  'goes silent in the middle',
  'sends too little as if it were all',
  'sends more than there is',
  'sends the whole where the rest was asked for',
]
const BLOB = /GET .*\/blobs\//

let registry: TestRegistry
let hostile: HostileRegistry
let scratch = ''
let name = ''

beforeAll(async () => {
  scratch = await mkdtemp(path.join(os.tmpdir(), 'sandpiper-hostile-'))
  registry = await TestRegistry.start()
  const layout = new OciLayout(path.join(scratch, 'layout'))
  await layout.addImage('x', { layers: LAYERS })
  await registry.copyIn(layout.source('x'), 'app:1')
  hostile = await HostileRegistry.start({ upstream: registry.host })
  name = `${hostile.host}/app:1`
})
afterAll(async () => {
  await hostile.stop()
  await registry.remove()
  await rm(scratch, { recursive: true, force: true })
})
beforeEach(() => hostile.reset())

async function open(): Promise<{ directory: string; store: LayerStore; images: Images }> {
  const directory = await mkdtemp(path.join(scratch, 'store-'))
  const store = await openLayerStore(directory)
  const registries = createRegistries({
    insecure: [hostile.host],
    timeouts: { stallMs: 200 },
    retries: { tries: 3, baseMs: 1, waitMsMax: 2 },
  })
  return { directory, store, images: openImages({ store, registries, layersBytesMax: 1e9 }) }
}

const FAULTS: Readonly<Record<string, Fault>> = {
  'drops connections': dropped,
  'drops them in the middle': breakingAfter(50_000),
  'goes silent in the middle': stallingAfter(50_000),
  'sends too little as if it were all': endingAfter(50_000),
  'sends more than there is': endless,
  'sends a wrong byte': wrongByteAt(60_000),
  'says a wrong length': changed(({ body, ...rest }) => ({ ...rest, body: body.subarray(1) })),
  'sends the whole where the rest was asked for': ignoringRange,
  'is asked too often': answering(429, { 'retry-after': '0' }),
  'is broken': answering(500),
  'sends a page': answering(200, { 'content-type': 'text/html' }, '<html>login</html>'),
}

describe.each(Object.keys(FAULTS))('a registry that %s', (kind) => {
  const fault = FAULTS[kind] as Fault

  it('now and then costs another try', async () => {
    const { directory, store, images } = await open()
    const lease = await store.lease()
    hostile.next(BLOB, fault)
    await images.pull(name, { lease }).catch(() => images.pull(name, { lease }))
    expect(await store.find(name)).not.toBeNull()
    expect((await store.verify()).faults).toEqual([])
    expect(await readdir(path.join(directory, 'tmp'))).toEqual([])
    await images.close()
  })

  it('all the time leaves a whole store, into which the next pull goes', async () => {
    const { directory, store, images } = await open()
    const lease = await store.lease()
    hostile.always(BLOB, fault)
    const failing = await images.pull(name, { lease }).then(
      () => null,
      (error: unknown) => error,
    )
    if (!PASSABLE.includes(kind) || failing !== null) {
      expect(failing).toMatchObject({ code: expect.stringMatching(/^SP_(REGISTRY|IMAGE)_/) })
      expect((failing as Error).message).toContain(name)
      expect(await store.find(name)).toBeNull()
    }
    expect((await store.verify()).faults).toEqual([])
    expect(await readdir(path.join(directory, 'tmp'))).toEqual([])
    hostile.reset()
    const image = await images.pull(name, { lease })
    expect(image.layers).toHaveLength(LAYERS.length)
    expect((await store.verify()).faults).toEqual([])
    await images.close()
  })
})
