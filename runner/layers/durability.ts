import { ownIdentity } from '../../git/process-identity.js'
import { layerFile, layerIds, readLayer, type LayerFile } from './layer-files.js'
import { layerDirectory, writeWhole, type StorePaths } from './store-files.js'
import type { LayerOwners } from './metadata.js'
import { runTool } from './tools.js'
import { treeDigest } from './tree-digest.js'

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
      if (done) for (const layer of unsynced) await this.#mark(layer)
    }
  }

  async #unsynced(): Promise<readonly LayerFile[]> {
    const ids = await layerIds(this.#paths).catch(() => [])
    const layers = await Promise.all(ids.map((diffId) => readLayer(this.#paths, diffId)))
    return layers.filter((layer) => layer?.unsyncedBoot === this.boot) as LayerFile[]
  }

  /** Its directory may be gone by now, and must not come back. */
  async #mark({ unsyncedBoot: _, ...layer }: LayerFile): Promise<void> {
    const { diffId } = layer
    const path = layerFile(layerDirectory(this.#paths, diffId))
    try {
      const tree = await treeDigest(this.#paths, this.#owners, diffId)
      await writeWhole(path, JSON.stringify({ ...layer, tree }), { flush: false })
    } catch {
      // Of what can't be read all over, or is gone, nothing is known: it stays as it is.
    }
  }
}
