import type { Image, ImageConfig, Lease } from '../layers/types.js'
import type { DockerConfig } from '../registry/credentials/docker-config.js'

/** When an image is looked for in its registry, in the words of `pull:`. */
export type PullPolicy = 'always' | 'if-not-exists' | 'never'

/** How far a pull is. Sizes are those of the blobs as they travel, in bytes. */
export interface PullProgress {
  readonly layers: number
  readonly layersDone: number
  readonly bytes: number
  readonly bytesDone: number
}

export interface PullOptions {
  /** Holds the layers of the image from when it is found or they come. */
  readonly lease: Lease
  /** Credentials of who asks, looked at before the operator's. */
  readonly credentials?: readonly DockerConfig[]
  readonly signal?: AbortSignal
  /** Called as soon as it is known, before the layers come; again when something newer is found. */
  readonly onConfig?: (config: ImageConfig) => void
  readonly onProgress?: (progress: PullProgress) => void
  /** Something worth knowing, for people: another try, say. */
  readonly say?: (text: string) => void
}

export interface RequireOptions extends PullOptions {
  /** Absent: `always` for the tag `latest`, else `if-not-exists`, as in Docker. */
  readonly policy?: PullPolicy
}

/** Images of the layer store, and those that registries have. */
export interface Images {
  /**
   * The image, pulled where the policy says so.
   * @throws SandpiperError SP_RUNNER_NO_IMAGE for one that is not there and may not be pulled; as `pull`
   */
  require(name: string, options: RequireOptions): Promise<Image>
  /**
   * Brings the image from its registry, whatever the store has. Layers that are there are not brought again.
   * @throws SandpiperError SP_IMAGE_NAME, SP_IMAGE_INVALID, SP_IMAGE_PLATFORM, SP_IMAGE_TOO_LARGE; as `Registries` and
   * `LayerStore.addLayer`
   */
  pull(name: string, options: PullOptions): Promise<Image>
  /** Gives up images that were not used for the longest time until there is room. @returns bytes */
  makeRoom(): Promise<number>
  /** Gives up all that nobody needs now, as the disk is full. @returns bytes */
  giveUpUnused(): Promise<number>
  close(): Promise<void>
}
