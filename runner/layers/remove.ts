import { rename, rm, unlink } from 'node:fs/promises'
import { join } from 'node:path'
import { planGarbage, type Contents, type GarbagePlan, type Root } from './garbage.js'
import type { ImageName } from './image-name.js'
import { layerIds } from './layer-files.js'
import { heldLayers } from './leases.js'
import { imageEntries } from './named-images.js'
import { recordRoots } from './records.js'
import { locked, type StoreState } from './state.js'
import { imageFile, layerDirectory, withTemporary } from './store-files.js'
import type { PruneOptions, Removed } from './types.js'

/** `LayerStore.remove` */
export function removeImage(state: StoreState, name: ImageName): Promise<boolean> {
  return withTemporary(state.paths, (temporary) =>
    locked(state, async () => {
      const path = imageFile(state.paths, name.canonical)
      const found = await unlink(path).then(
        () => true,
        () => false,
      )
      if (found) await removeLayers(state, await unusedLayers(state), temporary)
      return found
    }),
  )
}

/** `LayerStore.prune` */
export function prune(state: StoreState, options: PruneOptions): Promise<Removed> {
  return withTemporary(state.paths, (temporary) =>
    locked(state, async () => {
      const contents = await contentsOf(state, options.imported)
      const plan = planGarbage(contents, options.bytesMax, options.unused)
      for (const { path } of plan.roots) await rm(path, { force: true })
      await removeLayers(state, plan.layers, temporary)
      return { ...plan, images: namesOf(plan, contents) }
    }),
  )
}

/** Removes layers that are damaged, whoever uses them. */
export function removeDamaged(state: StoreState, diffIds: readonly string[]): Promise<void> {
  return withTemporary(state.paths, (temporary) =>
    locked(state, () => removeLayers(state, diffIds, temporary)),
  )
}

function namesOf({ roots }: GarbagePlan, { names }: StoreContents): readonly string[] {
  return roots.flatMap(({ path }) => names.get(path) ?? [])
}

interface StoreContents extends Contents {
  /** Of images, by the paths of their files. */
  readonly names: ReadonlyMap<string, string>
}

async function unusedLayers(state: StoreState): Promise<readonly string[]> {
  return planGarbage(await contentsOf(state), Infinity, true).layers
}

/** The caller has the store's lock. */
async function contentsOf(state: StoreState, imported = false): Promise<StoreContents> {
  const { paths, durability } = state
  const layers = new Map<string, { size: number; created: number }>()
  for (const diffId of await layerIds(paths)) {
    // What is no whole layer takes room that nobody knows; it goes with the first that is removed.
    layers.set(diffId, (await durability.readLayer(diffId)) ?? { size: 0, created: 0 })
  }
  const names = new Map<string, string>()
  const roots: Root[] = []
  for await (const { path, used, image } of imageEntries(paths)) {
    const isKept = image.pinned === true || (image.origin === undefined && !imported)
    roots.push({ path, used, layers: image.layers, pinned: isKept })
    names.set(path, image.name)
  }
  return {
    layers,
    names,
    roots: [...roots, ...(await recordRoots(paths))],
    held: await heldLayers(state),
  }
}

/** Moves them aside at once; they are deleted with `temporary`, when the lock is free again. */
async function removeLayers(
  { paths }: StoreState,
  diffIds: readonly string[],
  temporary: string,
): Promise<void> {
  for (const diffId of diffIds) {
    const hex = diffId.slice('sha256:'.length)
    await rename(layerDirectory(paths, diffId), join(temporary, hex))
  }
}
