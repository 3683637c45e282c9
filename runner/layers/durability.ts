import { ownIdentity } from '../../git/process-identity.js'
import { layerFile, layerIds, readLayer, type LayerFile } from './layer-files.js'
import { layerDirectory, writeWhole, type StorePaths } from './store-files.js'
import type { LayerOwners } from './metadata.js'
import { runTool } from './tools.js'
import { treeDigest } from './tree-digest.js'

/** Of larger layers no digest is taken: a hole in a file costs a registry nothing, and this runner its time. */
const DIGEST_BYTES_MAX = 8 * 1024 ** 3

/**
 * Sees to it that layers reach the disk, and that it is known what they were then, without anybody waiting for it: a layer may be used at once, says in
 * which boot it was unpacked until all of it is on the disk, and counts as not there in any other boot. So a
 * power loss costs what was brought in its last seconds, and never leaves a layer with holes.
 */
export class Durability {
  /** Of the kernel that runs; layers of others that say they were not on the disk yet are lost. */
  readonly boot: string
  readonly #paths: StorePaths
  readonly #owners: LayerOwners
  #waiting = false
  #running: Promise<void> | null = null

  private constructor(paths: StorePaths, owners: LayerOwners, boot: string) {
    this.#paths = paths
    this.#owners = owners
    this.boot = boot
  }

  static async open(paths: StorePaths, owners: LayerOwners): Promise<Durability> {
    return new Durability(paths, owners, (await ownIdentity()).bootId)
  }

  /** What the store may count on: null for a layer that a power loss may have left with holes. */
  async readLayer(diffId: string): Promise<LayerFile | null> {
    const layer = await readLayer(this.#paths, diffId)
    return layer === null || this.isLost(layer) ? null : layer
  }

  isLost({ unsyncedBoot }: LayerFile): boolean {
    return unsyncedBoot !== undefined && unsyncedBoot !== this.boot
  }

  /** To be called when a layer was added. */
  schedule(): void {
    this.#waiting = true
    this.#running ??= this.#run().finally(() => (this.#running = null))
  }

  /** Resolves when all that was added before is on the disk. */
  async flush(): Promise<void> {
    while (this.#running !== null) await this.#running
  }

  async #run(): Promise<void> {
    while (this.#waiting) {
      this.#waiting = false
      const unsynced = await this.#unsynced()
      // What can't be told to be on the disk stays marked: it costs bringing it again after a power loss.
      const done = await runTool('sync', ['--file-system', this.#paths.layers]).then(
        () => true,
        () => false,
      )
      if (!done) continue
      for (const layer of unsynced) await this.#rewrite(layer, {})
      // Nobody waits behind a large one.
      for (const layer of unsynced.toSorted((a, b) => a.size - b.size)) await this.#digest(layer)
    }
  }

  async #unsynced(): Promise<readonly LayerFile[]> {
    const ids = await layerIds(this.#paths).catch(() => [])
    const layers = await Promise.all(ids.map((diffId) => readLayer(this.#paths, diffId)))
    return layers.filter((layer) => layer?.unsyncedBoot === this.boot) as LayerFile[]
  }

  async #digest(layer: LayerFile): Promise<void> {
    if (layer.size > DIGEST_BYTES_MAX) return
    try {
      const tree = await treeDigest(this.#paths, this.#owners, layer.diffId)
      await this.#rewrite(layer, { tree })
    } catch {
      // Of what can't be read all over, or is gone, no digest is known.
    }
  }

  /** Says that it is on the disk. Its directory may be gone by now, and must not come back. */
  async #rewrite(
    { unsyncedBoot: _, ...layer }: LayerFile,
    more: Pick<LayerFile, 'tree'>,
  ): Promise<void> {
    const path = layerFile(layerDirectory(this.#paths, layer.diffId))
    const content = JSON.stringify({ ...layer, ...more })
    await writeWhole(path, content, { flush: false }).catch(() => undefined)
  }
}
