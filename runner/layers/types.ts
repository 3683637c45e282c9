/** What an image says about how to run it; names as in the OCI image configuration. */
export interface ImageConfig {
  readonly env: Readonly<Record<string, string>>
  readonly workingDir: string
  readonly user: string
  readonly entrypoint: readonly string[]
  readonly cmd: readonly string[]
}

/** An image: a name for a chain of layers. */
export interface Image {
  readonly name: string
  /** Content address of the image: `sha256:` + hex over its chain of layers and its config. */
  readonly id: string
  /** Diff ids (`sha256:...` of the uncompressed layer tar), bottom first. */
  readonly layers: readonly string[]
  readonly config: ImageConfig
  readonly created: number
  /** Sum of its layers' sizes in bytes. */
  readonly size: number
}

/**
 * Content-addressed store of layers and of the images that are made of them. Every method that takes a
 * name throws SandpiperError SP_IMAGE_NAME for one that can be none.
 */
export interface LayerStore {
  /** The image of that name, or null. Docker's short forms are equal: `busybox` is `busybox:latest`. */
  find(name: string): Promise<Image | null>
  /** Every image, sorted by name. */
  list(): Promise<readonly Image[]>
  /** Directories of the image's layers, topmost first, as overlay wants them. */
  layerPaths(image: Image): readonly string[]
  /**
   * Imports a root file system's tar, a `docker save` archive or an OCI archive; plain, gzip or zstd.
   * @throws SandpiperError SP_IMAGE_INVALID, SP_LAYER_INVALID, SP_LAYER_TOO_LARGE, SP_LAYER_DIGEST,
   * SP_LAYER_TOOL
   */
  importTar(name: string, file: string): Promise<Image>
  /** Imports a directory as one layer. @throws SandpiperError as `importTar` */
  importDirectory(name: string, directory: string): Promise<Image>
  /** A root made of the host's static busybox. @throws SandpiperError SP_IMAGE_BUSYBOX */
  importBusybox(name: string): Promise<Image>
  /**
   * Removes the name, and every layer that no image uses any more. Sandboxes that run on such a layer
   * lose their files: the caller sees to it that there are none.
   * @returns false when there was no image of that name
   */
  remove(name: string): Promise<boolean>
}
