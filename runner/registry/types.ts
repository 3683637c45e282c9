import type { ImageName } from '../layers/image-name.js'
import type { DockerConfig } from './credentials/docker-config.js'
import type { Ecr, EcrAccount } from './ecr/types.js'
import type { Timing } from './http/timing.js'

/** What a manifest says about a blob or another manifest (OCI image-spec, descriptor.md). */
export interface Descriptor {
  readonly mediaType: string
  /** `sha256:` + 64 hex digits. */
  readonly digest: string
  /** Bytes. */
  readonly size: number
}

/** What an image is made for; words as in the OCI image index. */
export interface Platform {
  readonly os: string
  readonly architecture: string
  /** e.g. `v7`; absent where the architecture has none. */
  readonly variant?: string
}

/** What a name stands for on one platform. Where it was really found is not shown: mirrors are transparent. */
export interface RemoteImage {
  readonly registry: string
  readonly repository: string
  /** Of the platform's image manifest, not of the index. */
  readonly manifest: Descriptor
  /** Digest of the index that the name itself stands for; null where that is an image manifest. */
  readonly indexDigest: string | null
  readonly config: Descriptor
  /** Blobs as they are stored, bottom first; `compressionOf(mediaType)` tells how they are packed. */
  readonly layers: readonly Descriptor[]
}

export interface RequestOptions {
  readonly signal?: AbortSignal
  /** Of this request only, looked at before the operator's own; credential helpers in them are not run. */
  readonly credentials?: readonly DockerConfig[]
  /** Told before each wait for another try, in words for people. */
  readonly onRetry?: (text: string) => void
}

export interface BlobOptions extends RequestOptions {
  /** Bytes that have come (or gone) since it was last called. */
  readonly onProgress?: (bytes: number) => void
}

export interface BlobUse extends BlobOptions {
  /**
   * Whether wrong bytes could be why `use` failed. Where it says yes, the rest of the blob is read to know.
   * Default: never.
   */
  readonly mayBeBytes?: (error: unknown) => boolean
}

/** A blob to push. `open` may be called several times: each time it gives all bytes from the first on. */
export interface BlobSource {
  readonly digest: string
  readonly size: number
  open(): AsyncIterable<Uint8Array>
}

export interface PushBlobOptions extends BlobOptions {
  /** Repository of the same registry that may have the blob already. */
  readonly mountFrom?: string
}

/** How a blob came to be in the repository. */
export type Pushed = 'there' | 'mounted' | 'uploaded'

/**
 * Registries that speak the OCI distribution protocol or Docker's v2. Every method throws SandpiperError
 * SP_REGISTRY_UNREACHABLE, SP_REGISTRY_TLS, SP_REGISTRY_FAILED, SP_REGISTRY_ANSWER, SP_REGISTRY_REDIRECT,
 * SP_REGISTRY_ADDRESS, SP_REGISTRY_CREDENTIALS, SP_IMAGE_NOT_FOUND or SP_IMAGE_DENIED; and the reason of the signal when that is aborted.
 */
export interface Registries {
  /**
   * Digest that the name stands for now, for the price of one HEAD: equal digests are equal images. A name
   * with a digest costs nothing.
   */
  digestOf(name: ImageName, options?: RequestOptions): Promise<string>
  /**
   * Manifest of the name's image for the platform (default: this machine's), its digest checked.
   * @throws also SandpiperError SP_IMAGE_PLATFORM, SP_IMAGE_MANIFEST, SP_IMAGE_DIGEST
   */
  resolve(
    name: ImageName,
    options?: RequestOptions & { readonly platform?: Platform },
  ): Promise<RemoteImage>
  /**
   * A small blob whole, checked; read again once when its bytes are wrong.
   * @throws also SandpiperError SP_IMAGE_DIGEST, and SP_IMAGE_MANIFEST for one of more than 16 MiB
   */
  readBlob(image: RemoteImage, blob: Descriptor, options?: RequestOptions): Promise<Buffer>
  /**
   * The blob's bytes as they are stored. Goes on where a connection breaks; never yields more than
   * `blob.size` bytes; throws at the end when digest or size are not the blob's.
   * @throws also SandpiperError SP_IMAGE_DIGEST
   */
  openBlob(image: RemoteImage, blob: Descriptor, options?: BlobOptions): AsyncIterable<Buffer>
  /**
   * Has `use` read the blob, and once more from the start when the bytes were wrong. A failure of `use` that
   * `mayBeBytes` is the bytes' when these prove wrong.
   * @throws what `use` throws, and SandpiperError SP_IMAGE_DIGEST
   */
  withBlob<T>(
    image: RemoteImage,
    blob: Descriptor,
    use: (bytes: AsyncIterable<Buffer>) => Promise<T>,
    options?: BlobUse,
  ): Promise<T>
  /**
   * Sees to it that the repository has the blob: looks, mounts it from another repository, or uploads it.
   * @throws also SandpiperError SP_IMAGE_DIGEST when the source does not give what it says
   */
  pushBlob(target: ImageName, source: BlobSource, options?: PushBlobOptions): Promise<Pushed>
  /**
   * Stores a manifest or index under the name's tag or digest. @returns its digest
   * @throws also SandpiperError SP_IMAGE_DIGEST when the name has another digest, or the registry tells one
   */
  pushManifest(
    target: ImageName,
    mediaType: string,
    bytes: Uint8Array,
    options?: RequestOptions,
  ): Promise<string>
  /** Amazon's API for its registries. */
  ecr(account: EcrAccount): Ecr
  /** Ends every connection; what still runs fails. */
  close(): Promise<void>
}

export interface RegistriesConfig {
  /** The operator's own `config.json` files, best first. Credential helpers named there are run. */
  readonly credentials?: readonly DockerConfig[]
  /** Environment of credential helpers. Default: that of this process. */
  readonly environment?: NodeJS.ProcessEnv
  /** Pushes show these, too. Default: only what comes with the request, as strangers' pipelines can ask for any. */
  readonly pushesAsOperator?: boolean
  /** By registry (`docker.io`): base URLs to try in order before the registry itself, for pulls only. */
  readonly mirrors?: Readonly<Record<string, readonly string[]>>
  /**
   * `host[:port]` of registries that may have certificates that don't verify, or speak plain HTTP where TLS
   * fails. No other registry is ever spoken to so.
   */
  readonly insecure?: readonly string[]
  /** PEM certificates of authorities to trust besides the usual ones. */
  readonly caFile?: string
  /** HTTP proxy that registries are spoken to through. */
  readonly proxy?: ProxyConfig
  /** Base URL that is asked instead of Amazon; for tests. */
  readonly awsEndpoint?: string
  readonly timeouts?: Partial<Timeouts>
  readonly retries?: Partial<Retries>
  /** Clock, waits and chance; tests put their own in. */
  readonly timing?: Timing
}

export interface ProxyConfig {
  /** `http://` or `https://`, with `USER:PASSWORD@` where the proxy wants it. */
  readonly url: string
  /** What is spoken to without the proxy, as in `NO_PROXY`. */
  readonly noProxy: readonly string[]
}

export interface Timeouts {
  /** Until a connection stands. Default: 10 s. */
  readonly connectMs: number
  /** From a request (or the last byte of its body) to the answer's headers. Default: 30 s. */
  readonly answerMs: number
  /** In which at least 4 KiB of a body must come or go. Default: 30 s. */
  readonly stallMs: number
  /** For a whole small answer: a manifest, a token. Default: 60 s. */
  readonly smallMs: number
}

export interface Retries {
  /** Tries of one request in all. Default: 5; of a mirror: 2. */
  readonly tries: number
  /** Wait after the first failure; doubles each time, half of it by chance. Default: 500 ms. */
  readonly baseMs: number
  /** Longest wait between two tries. Default: 20 s. */
  readonly waitMsMax: number
  /** Longest wait that a registry may ask for. Default: 60 s. */
  readonly retryAfterMsMax: number
}
