import { afterAll, beforeAll, expect, it } from '@jest/globals'
import { createHash, randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { readdir } from 'node:fs/promises'
import path from 'node:path'
import { makeTar } from '../../runner/layers/testing/archives.js'
import { openLayerStore } from '../../runner/layers/store.js'
import { OciLayout } from '../../runner/testing/oci-layout.js'
import { TestRegistry } from '../../runner/testing/registry.js'
import { sandpiper, startSandpiper } from '../support/sandpiper.js'
import { makeScratch } from '../support/scratch.js'

/** Pulls that are killed. */
const KILLS = 200
const LAYERS = 5
const FILES = 40

let scratch: { dir: string; remove: () => Promise<void> }
let registry: TestRegistry
let name = ''

beforeAll(async () => {
  scratch = await makeScratch()
  registry = await TestRegistry.start()
  const layout = new OciLayout(path.join(scratch.dir, 'layout'))
  const layers = Array.from({ length: LAYERS }, (_, at) => layerOf(at))
  await layout.addImage('x', { layers })
  await registry.copyIn(layout.source('x'), 'killed:1')
  name = `${registry.host}/killed:1`
}, 60_000)

afterAll(async () => {
  await registry.remove()
  await scratch.remove()
})

/** Half of its bytes can be compressed. */
function layerOf(layer: number): Buffer {
  return makeTar(
    Array.from({ length: FILES }, (_, file) => ({
      path: `l${String(layer)}/f${String(file)}`,
      content: randomBytes(20_000).toString('base64') + 'x'.repeat(20_000),
    })),
  )
}

const dataDir = (): string => path.join(scratch.dir, 'data')

function pullArguments(): readonly string[] {
  return ['image', 'pull', '--data', dataDir(), '--registry-insecure', registry.host, name]
}

async function pulled(): Promise<void> {
  const { code, stderr } = await sandpiper(pullArguments())
  if (code !== 0) throw new Error(`the pull ended with ${String(code)}: ${stderr}`)
}

/** Shares of a pull's time at which it is killed: spread over all of it, in an order that looks like chance. */
function momentOf(round: number): number {
  const hash = createHash('sha256').update(String(round)).digest()
  return hash.readUInt32LE(0) / 2 ** 32
}

it('is whole and can be pulled into after 200 pulls that were killed at any moment', async () => {
  const startedAt = performance.now()
  await pulled()
  const wholeMs = performance.now() - startedAt
  const store = await openLayerStore(path.join(dataDir(), 'layers'))
  let finished = 0
  let partial = 0
  for (let round = 0; round < KILLS; round += 1) {
    if (await store.remove(name)) await store.prune({ bytesMax: 0, unused: true })
    const pull = startSandpiper(pullArguments())
    const timer = setTimeout(() => void pull.end('SIGKILL'), wholeMs * momentOf(round))
    await once(pull.child, 'close')
    clearTimeout(timer)
    if (pull.child.exitCode === 0) finished += 1
    else if ((await layers()).length > 0) partial += 1
    const { faults } = await store.verify()
    expect(faults.filter(({ what }) => what !== name)).toEqual([])
  }
  // Else the moments would not be those that matter.
  expect(finished).toBeLessThan(KILLS / 2)
  expect(partial).toBeGreaterThan(0)
  await pulled()
  expect((await store.verify()).faults).toEqual([])
  const reopened = await openLayerStore(path.join(dataDir(), 'layers'))
  expect((await reopened.find(name))?.layers).toHaveLength(LAYERS)
  for (const place of ['tmp', 'leases']) {
    expect(await readdir(path.join(dataDir(), 'layers', place))).toEqual([])
  }
  await reopened.flush()
  await store.flush()
}, 600_000)

function layers(): Promise<string[]> {
  return readdir(path.join(dataDir(), 'layers/layers/sha256'))
}
