import { mkdir, rename, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { withFileLock } from '../../git/file-lock.js'
import { SandpiperError } from '../../protocol/errors.js'
import { layerFile, type LayerFile } from './layer-files.js'
import { LAYER_LOCK_TIMEOUT_MS } from './limits.js'
import { unlessAborted } from '../unless-aborted.js'
import { digestOf } from './oci.js'
import { locked, type StoreState } from './state.js'
import { layerDirectory, withTemporary } from './store-files.js'
import type { LayerSource, Lease, StoredLayer } from './types.js'
import { unpackLayer } from './unpack.js'

/** `LayerStore.addLayer` */
export async function addLayer(
  state: StoreState,
  source: LayerSource,
  lease: Lease,
  signal?: AbortSignal,
): Promise<StoredLayer> {
  const { diffId } = source
  if (diffId === null) return bring(state, source, lease, signal)
  for (;;) {
    signal?.throwIfAborted()
    const known = await take(state, diffId, lease)
    if (known !== null) return known
    const other = state.flights.get(flightOf({ ...source, diffId }))
    if (other === undefined) return fly(state, { ...source, diffId }, lease, signal)
    await (signal === undefined ? other : unlessAborted(other, signal)).catch(() => undefined)
  }
}

/** The layer when the store has it, held from then on. */
async function take(
  { durability }: StoreState,
  diffId: string,
  lease: Lease,
): Promise<StoredLayer | null> {
  const layer = await durability.readLayer(diffId)
  return layer !== null && (await lease.hold([diffId])) ? layer : null
}

/**
 * Those who want a layer from one place wait for each other. Nobody waits for another place: anybody can make an
 * image that names the diff ids of others, at a registry that never comes to an end.
 */
function flightOf({ diffId, blob }: LayerSource & { readonly diffId: string }): string {
  return JSON.stringify([diffId, blob?.registry, blob?.digest])
}

/** Brings it once for all that want it from there, here and in other processes. */
async function fly(
  state: StoreState,
  source: LayerSource & { readonly diffId: string },
  lease: Lease,
  signal: AbortSignal | undefined,
): Promise<StoredLayer> {
  const { diffId } = source
  const key = flightOf(source)
  const lock = join(state.paths.layerLocks, digestOf(key).slice('sha256:'.length))
  const flight = withFileLock(lock, { timeoutMs: LAYER_LOCK_TIMEOUT_MS, signal }, async () => {
    return (await take(state, diffId, lease)) ?? (await bring(state, source, lease, signal))
  }).finally(() => state.flights.delete(key))
  state.flights.set(key, flight)
  return flight
}

async function bring(
  state: StoreState,
  source: LayerSource,
  lease: Lease,
  signal: AbortSignal | undefined,
): Promise<StoredLayer> {
  return withTemporary(state.paths, async (temporary) => {
    const layer = await unpackInto(state, source, temporary, signal)
    await lease.announce([layer.diffId])
    return locked(state, () => place(state, layer, temporary))
  })
}

async function unpackInto(
  { limits, owners, durability }: StoreState,
  source: LayerSource,
  temporary: string,
  signal: AbortSignal | undefined,
): Promise<LayerFile> {
  signal?.throwIfAborted()
  const { diffId: wanted, blob } = source
  const made = join(temporary, 'layer')
  await mkdir(made, { mode: 0o700 })
  const tree = join(made, 'fs')
  const { diffId, size, entries } = await source.read(async (archive) => {
    await rm(tree, { recursive: true, force: true })
    return unpackLayer(archive, tree, limits, { owners, signal })
  })
  if (wanted !== null && wanted !== diffId) {
    throw new SandpiperError(
      'SP_LAYER_DIGEST',
      `a layer is ${diffId}, but its image says ${wanted}`,
      { hint: 'The image is damaged where it came from; make or push it again.' },
    )
  }
  const about = { diffId, size, entries, created: Date.now(), ...(blob ? { blob } : {}) }
  const layer = { ...about, unsyncedBoot: durability.boot }
  await writeFile(layerFile(made), JSON.stringify(layer))
  return layer
}

/** Puts it in its place, unless somebody else has. What is there without a readable file is a ruin. */
async function place(
  { paths, durability }: StoreState,
  layer: LayerFile,
  temporary: string,
): Promise<StoredLayer> {
  const known = await durability.readLayer(layer.diffId)
  if (known !== null) return known
  const to = layerDirectory(paths, layer.diffId)
  await rm(to, { recursive: true, force: true })
  await rename(join(temporary, 'layer'), to)
  durability.schedule()
  return layer
}
