import { messageOf } from '../../../protocol/errors.js'
import type { Image } from '../../layers/types.js'
import { baseImage } from '../image/base-image.js'
import type { HistoryEntry, OciImage } from '../image/oci-image.js'

export interface CacheImagesOptions {
  /** Images whose layers may be used, by name. */
  readonly names: readonly string[]
  /** Brings an image, whose layers are held then. */
  readonly bring: (name: string) => Promise<Image>
  readonly say: (text: string) => Promise<void>
}

/** How far a build is. */
export interface Progress {
  readonly layers: readonly string[]
  readonly history: readonly HistoryEntry[]
}

/**
 * Layers of images that were built before (`cache_from`), found as Docker's first builder did: as long as the
 * history of such an image tells the same as that of this build, its layers are what this build would make.
 */
export class CacheImages {
  readonly #options: CacheImagesOptions
  #images: Promise<readonly OciImage[]> | null = null

  constructor(options: CacheImagesOptions) {
    this.#options = options
  }

  /**
   * The diff id that the instruction made in one of the images; undefined: it is in none.
   * @param createdBy what the instruction does, as its history entry has it
   */
  async find(progress: Progress, createdBy: string): Promise<string | undefined> {
    this.#images ??= this.#bringAll()
    for (const image of await this.#images) {
      const found = layerOf(image, progress, createdBy)
      if (found !== undefined) return found
    }
    return undefined
  }

  async #bringAll(): Promise<readonly OciImage[]> {
    const { names, bring, say } = this.#options
    const images: OciImage[] = []
    for (const name of names) {
      try {
        images.push(baseImage(await bring(name)))
      } catch (error) {
        await say(`no layers are taken from ${name}: ${messageOf(error)}`)
      }
    }
    return images
  }
}

function layerOf(
  { history, rootfs }: OciImage,
  progress: Progress,
  createdBy: string,
): string | undefined {
  const entry = history[progress.history.length]
  if (entry?.created_by !== createdBy || entry.empty_layer === true) return undefined
  const isSame =
    progress.history.every((one, at) => history[at]?.created_by === one.created_by) &&
    progress.layers.every((diffId, at) => rootfs.diff_ids[at] === diffId)
  return isSame ? rootfs.diff_ids[progress.layers.length] : undefined
}
