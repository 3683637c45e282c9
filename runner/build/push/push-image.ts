import { SandpiperError } from '../../../protocol/errors.js'
import type { ImageName } from '../../layers/image-name.js'
import { digestOf } from '../../layers/oci.js'
import type { LayerStore, Lease } from '../../layers/types.js'
import type { DockerConfig } from '../../registry/credentials/docker-config.js'
import { compressionOf, isForeign } from '../../registry/manifest/media-types.js'
import type { BlobSource, Descriptor, Pushed, Registries } from '../../registry/types.js'
import { formatBytes } from '../../stage/format.js'
import type { OciImage } from '../image/oci-image.js'
import { knownBlob, rememberBlob, type KnownBlob } from './known-blobs.js'
import { packLayer } from './pack-layer.js'

const OCI = 'application/vnd.oci.image'

export interface PushOptions {
  readonly registries: Registries
  readonly layers: LayerStore
  readonly lease: Lease
  readonly image: OciImage
  /** Names with tags, at least one. */
  readonly targets: readonly ImageName[]
  readonly credentials: readonly DockerConfig[]
  /**
   * Registries that the images it is made of came from. From no others are layers taken as they are: whoever had a
   * layer pulled first, a stranger perhaps, would say where this image's come from.
   */
  readonly origins: ReadonlySet<string>
  /** For layers that have to be packed; the caller removes it. */
  readonly directory: string
  readonly signal: AbortSignal
  readonly say: (text: string) => Promise<void>
}

/** A layer that the first repository has, and what others get it from. */
interface PlacedLayer {
  readonly diffId: string
  readonly blob: Descriptor
  readonly source: BlobSource
}

/**
 * Pushes an image: of its layers only what the registry has not. Those that came from a registry come from
 * there again, where they can't be had without that; all others are packed from the store.
 * @returns digest of the manifest
 * @throws SandpiperError of the registry client and the layer store; AbortError
 */
export async function pushImage(options: PushOptions): Promise<string> {
  const [first] = options.targets
  if (first === undefined) throw new TypeError('there is nothing to push to')
  const placed: PlacedLayer[] = []
  for (const diffId of options.image.rootfs.diff_ids) {
    placed.push(await placeLayer(diffId, first, options))
  }
  const diffIds = placed.map(({ diffId }) => diffId)
  const config = Buffer.from(
    JSON.stringify({ ...options.image, rootfs: { type: 'layers', diff_ids: diffIds } }),
  )
  const manifest = manifestOf(config, placed)
  let digest = ''
  let repository = ''
  for (const target of options.targets) {
    const name = `${target.registry}/${target.repository}`
    if (name !== repository) {
      if (target !== first) await copyLayers(placed, first, target, options)
      await push(target, inMemory(config), options)
      repository = name
    }
    const { registries, signal, credentials } = options
    const mediaType = `${OCI}.manifest.v1+json`
    digest = await registries.pushManifest(target, mediaType, manifest, { signal, credentials })
    await options.say(`pushed ${target.familiar} (${digest})`)
  }
  return digest
}

async function placeLayer(
  diffId: string,
  target: ImageName,
  options: PushOptions,
): Promise<PlacedLayer> {
  const { layers, lease, registries, signal, credentials } = options
  const known = await knownBlob(layers, lease, diffId)
  if (known !== null && isTaken(known, target, options)) {
    const source = new RemoteSource(known, { registries, signal, credentials })
    const from = known.registry === target.registry ? known.repository : undefined
    try {
      const how = await push(target, source, options, from)
      await tellLayer(known, how, options)
      const blob = { ...known, mediaType: ociType(known.mediaType) }
      return { diffId: known.diffId, blob, source }
    } catch (error) {
      // Where it came from may not have it any more, or not for us.
      if (!source.hasFailed) throw error
    }
  }
  await options.say(`packing layer ${short(diffId)}`)
  const packed = await packLayer(diffId, options)
  const how = await push(target, packed.source, options)
  await tellLayer({ ...packed.blob, diffId: packed.diffId }, how, options)
  const { registry, repository } = target
  const blob = { ...packed.blob, diffId: packed.diffId, registry, repository }
  await rememberBlob(layers, diffId, blob)
  return { diffId: packed.diffId, blob: packed.blob, source: packed.source }
}

function isTaken(
  { mediaType, registry }: KnownBlob,
  target: ImageName,
  { origins }: PushOptions,
): boolean {
  const isNear = registry === target.registry || origins.has(registry)
  return isNear && compressionOf(mediaType) !== null
}

/** A blob that is in a registry already. */
class RemoteSource implements BlobSource {
  readonly digest: string
  readonly size: number
  /** Whether reading it was what failed. */
  hasFailed = false
  readonly #blob: KnownBlob
  readonly #from: Pick<PushOptions, 'registries' | 'signal' | 'credentials'>

  constructor(blob: KnownBlob, from: Pick<PushOptions, 'registries' | 'signal' | 'credentials'>) {
    this.digest = blob.digest
    this.size = blob.size
    this.#blob = blob
    this.#from = from
  }

  async *open(): AsyncGenerator<Buffer> {
    const { registries, signal, credentials } = this.#from
    const { registry, repository, mediaType, digest, size } = this.#blob
    const blob = { mediaType, digest, size }
    const image = {
      ...{ registry, repository, manifest: blob, config: blob },
      ...{ indexDigest: null, layers: [blob] },
    }
    try {
      yield* registries.openBlob(image, blob, { signal, credentials })
    } catch (error) {
      this.hasFailed = true
      throw error
    }
  }
}

/** To a further repository: from the first where they share a registry. */
async function copyLayers(
  placed: readonly PlacedLayer[],
  first: ImageName,
  target: ImageName,
  options: PushOptions,
): Promise<void> {
  const from = first.registry === target.registry ? first.repository : undefined
  for (const { source } of placed) await push(target, source, options, from)
}

async function push(
  target: ImageName,
  source: BlobSource,
  { registries, signal, credentials }: PushOptions,
  from?: string,
): Promise<Pushed> {
  const isElsewhere = from !== undefined && from !== target.repository
  return registries.pushBlob(target, source, {
    ...{ signal, credentials },
    ...(isElsewhere ? { mountFrom: from } : {}),
  })
}

const HOW: Readonly<Record<Pushed, string>> = {
  there: 'is there',
  mounted: 'is there from another repository',
  uploaded: 'uploaded',
}

async function tellLayer(
  { diffId, size }: Pick<KnownBlob, 'diffId' | 'size'>,
  how: Pushed,
  { say }: PushOptions,
): Promise<void> {
  await say(`layer ${short(diffId)} ${HOW[how]} (${formatBytes(size)})`)
}

function short(digest: string): string {
  return digest.slice('sha256:'.length, 'sha256:'.length + 12)
}

function inMemory(bytes: Buffer): BlobSource {
  // eslint-disable-next-line @typescript-eslint/require-await -- what is read is there already
  async function* open(): AsyncGenerator<Buffer> {
    yield bytes
  }
  return { digest: digestOf(bytes), size: bytes.length, open }
}

function manifestOf(config: Buffer, layers: readonly PlacedLayer[]): Buffer {
  return Buffer.from(
    JSON.stringify({
      schemaVersion: 2,
      mediaType: `${OCI}.manifest.v1+json`,
      config: {
        mediaType: `${OCI}.config.v1+json`,
        digest: digestOf(config),
        size: config.length,
      },
      layers: layers.map(({ blob: { mediaType, digest, size } }) => ({ mediaType, digest, size })),
    }),
  )
}

/** OCI's name for Docker's: the bytes are the same. */
function ociType(mediaType: string): string {
  const packing = compressionOf(mediaType)
  if (packing === null || isForeign(mediaType)) {
    throw new SandpiperError('SP_BUILD_PUSH', `a layer of the type ${mediaType} can't be pushed`)
  }
  return packing === 'none' ? `${OCI}.layer.v1.tar` : `${OCI}.layer.v1.tar+${packing}`
}
