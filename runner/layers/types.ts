import type { OciDescriptor } from './oci.js'

/** What an image says about how to run it; names as in the OCI image configuration. */
export interface ImageConfig {
  readonly env: Readonly<Record<string, string>>
  readonly workingDir: string
  readonly user: string
  readonly entrypoint: readonly string[]
  readonly cmd: readonly string[]
  /** TCP ports that its program listens on, as far as it says; absent: it names none. */
  readonly ports?: readonly number[]
  readonly healthcheck?: ImageHealthcheck
}

/** How an image says that its program is found to be well (`HEALTHCHECK` of Dockerfiles). */
export interface ImageHealthcheck {
  /** Program and arguments; exit code 0: it is well. */
  readonly command: readonly string[]
  readonly intervalMs: number
  readonly timeoutMs: number
  readonly retries: number
  readonly startPeriodMs: number
}

/** Where an image was pulled from. */
export interface ImageOrigin {
  readonly registry: string
  readonly repository: string
  /** Digest of its manifest. */
  readonly manifest: string
  /** What the name itself stood for: the manifest, or an index that leads to it. */
  readonly resolved: string
  /** Milliseconds after 1970. */
  readonly pulled: number
  /** It was pulled with credentials of a pipeline's own: others have to show theirs before they use it. */
  readonly lent?: boolean
}

/** An image: a name for a chain of layers. */
export interface Image {
  readonly name: string
  /** Content address of the image: digest of its configuration, as Docker has it. */
  readonly id: string
  /** Diff ids (`sha256:...` of the uncompressed layer tar), bottom first. */
  readonly layers: readonly string[]
  readonly config: ImageConfig
  /** When it was put into the store, in milliseconds after 1970. */
  readonly created: number
  /** Sum of its layers' sizes in bytes. */
  readonly size: number
  /** Absent for images that were not pulled. */
  readonly origin?: ImageOrigin
  /** The configuration as it was read, a JSON text; absent where there was none. */
  readonly file?: string
  /** Never given up to make room. */
  readonly pinned?: boolean
}

/** What a name is to stand for. Its layers are in the store, and held. */
export interface NewImage {
  readonly layers: readonly string[]
  readonly config: ImageConfig
  readonly origin?: ImageOrigin
  readonly file?: string
}

/** A layer in the store. */
export interface StoredLayer {
  readonly diffId: string
  /** Bytes of its files. */
  readonly size: number
  readonly entries: number
  /** When it was unpacked, in milliseconds after 1970. */
  readonly created: number
  /** The blob of a registry that it was unpacked from, and where that has it. */
  readonly blob?: LayerBlob
}

/** A layer as a registry has it: packed, and usually compressed. */
export interface LayerBlob extends OciDescriptor {
  readonly registry: string
  readonly repository: string
}

/** A layer that can be read. */
export interface LayerSource {
  /** What the uncompressed archive must be, where that is known. */
  readonly diffId: string | null
  /** Where it comes from, to be kept with it. */
  readonly blob?: LayerBlob
  /**
   * Hands the uncompressed archive to `use`, and from the start once more where what it gave proves wrong.
   * Called only when the store does not have the layer.
   */
  read<T>(use: (archive: AsyncIterable<Buffer>) => Promise<T>): Promise<T>
}

/**
 * Keeps layers from being removed while somebody needs them: a step that runs on them, an image that is
 * being pulled. Also other processes see it, and it ends with this one.
 */
export interface Lease {
  /** Holds these too. @returns false, and holds none of them, when the store does not have all */
  hold(diffIds: readonly string[]): Promise<boolean>
  /** Holds these as soon as they are there. */
  announce(diffIds: readonly string[]): Promise<void>
  release(): Promise<void>
}

/** Something small that leads to layers and can be made again: a step of a build, say. */
export interface CacheRecord {
  readonly layers: readonly string[]
  /** What its maker keeps there; JSON. */
  readonly data: unknown
}

/** What `prune` and making room have removed. */
export interface Removed {
  /** Names of images. */
  readonly images: readonly string[]
  /** Diff ids. */
  readonly layers: readonly string[]
  readonly bytes: number
}

export interface PruneOptions {
  /** Bytes that layers may have together: what was used longest ago goes until they do. */
  readonly bytesMax: number
  /** Also what no image and no record leads to, however little room it takes. */
  readonly unused?: boolean
  /** Also images that were imported, which nothing could bring again. */
  readonly imported?: boolean
}

/** What is wrong in a store. */
export interface StoreFault {
  /** Name of an image, or diff id of a layer. */
  readonly what: string
  readonly problem: string
}

export interface StoreReport {
  readonly images: number
  readonly layers: number
  readonly faults: readonly StoreFault[]
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
  /** Directories of the layers, topmost first, as overlay wants them. */
  layerPaths(image: Pick<Image, 'layers'>): readonly string[]
  /** A layer, or null when the store does not have it. */
  layer(diffId: string): Promise<StoredLayer | null>
  lease(): Promise<Lease>
  /**
   * Brings a layer, which `lease` then holds. One that several want at once, also in other processes, is
   * read once, and the others wait for it.
   * @throws SandpiperError SP_LAYER_INVALID, SP_LAYER_TOO_LARGE, SP_LAYER_DIGEST, SP_LAYER_TOOL,
   * SP_LAYER_DISK_FULL; what the source throws; the signal's reason
   */
  addLayer(source: LayerSource, lease: Lease, signal?: AbortSignal): Promise<StoredLayer>
  /** Lets a name stand for an image. */
  setImage(name: string, image: NewImage): Promise<Image>
  /** Says that an image is used now. */
  touch(image: Pick<Image, 'name'>): Promise<void>
  /** @returns false when there is no image of that name */
  pin(name: string, pinned: boolean): Promise<boolean>
  /** The record of that key whose layers are all there, held by `lease`; or null. */
  readRecord(key: string, lease: Lease): Promise<CacheRecord | null>
  writeRecord(key: string, record: CacheRecord): Promise<void>
  /**
   * Imports a root file system's tar, a `docker save` archive or an OCI archive; plain, gzip or zstd.
   * @throws SandpiperError SP_IMAGE_INVALID, SP_LAYER_INVALID, SP_LAYER_TOO_LARGE, SP_LAYER_DIGEST,
   * SP_LAYER_TOOL, SP_LAYER_DISK_FULL
   */
  importTar(name: string, file: string): Promise<Image>
  /** Imports a directory as one layer. @throws SandpiperError as `importTar` */
  importDirectory(name: string, directory: string): Promise<Image>
  /** A root made of the host's static busybox. @throws SandpiperError SP_IMAGE_BUSYBOX */
  importBusybox(name: string): Promise<Image>
  /**
   * Removes the name, and every layer that nothing uses any more. Layers that are held stay until they
   * are not, and something makes room.
   * @returns false when there was no image of that name
   */
  remove(name: string): Promise<boolean>
  /** Makes room. What is pinned or held stays. */
  prune(options: PruneOptions): Promise<Removed>
  /**
   * Looks whether all layers are as they were unpacked, and all images have theirs.
   * @param options.repair removes layers that are not, so that they are brought again
   */
  verify(options?: { readonly repair?: boolean }): Promise<StoreReport>
  /** Resolves when what was added would outlive a power loss. */
  flush(): Promise<void>
}
