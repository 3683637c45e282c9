import { SandpiperError } from '../../protocol/errors.js'
import { decompress } from '../layers/compression.js'
import { invalidImage } from '../layers/errors.js'
import { parseImageFile, type ImageFile } from '../layers/image-config.js'
import { parseImageName, type ImageName } from '../layers/image-name.js'
import type { Image, LayerStore, Lease } from '../layers/types.js'
import { checkPlatform } from '../registry/manifest/check-platform.js'
import { compressionOf } from '../registry/manifest/media-types.js'
import type { Registries, RemoteImage, RequestOptions } from '../registry/types.js'
import { formatBytes } from '../stage/format.js'
import { ProgressMeter } from './progress.js'
import type { Slots } from './slots.js'
import type { PullOptions } from './types.js'

export interface PullDeps {
  readonly store: LayerStore
  readonly registries: Registries
  /** For layers that are brought at once, by lease: of all images of one stage. */
  readonly slots: Slots
  /** Bytes that the layers of one image may have, unpacked. */
  readonly imageBytesMax: number
}

export interface PullImageOptions extends PullOptions {
  /** Called with bytes of layers as they are unpacked. */
  readonly onUnpacked?: (bytes: number) => void
}

/**
 * Brings an image: its manifest and configuration, then its layers, several at once, each of which is checked,
 * unpacked and checked again while it comes. Nothing but the unpacked layers is kept.
 */
export async function pullImage(
  deps: PullDeps,
  text: string,
  options: PullImageOptions,
): Promise<Image> {
  // Layers of an image that is given up half-way are held no longer.
  const own = await deps.store.lease()
  try {
    return await pullHolding(own, deps, text, options)
  } finally {
    await own.release()
  }
}

/** @param own holds the layers until all are there */
async function pullHolding(
  own: Lease,
  { store, registries, slots, imageBytesMax }: PullDeps,
  text: string,
  options: PullImageOptions,
): Promise<Image> {
  const { lease, credentials, signal, onConfig, onProgress, onUnpacked } = options
  const name = parseImageName(text)
  const request = requestOf(options)
  const remote = await registries.resolve(name, request)
  const file = (await registries.readBlob(remote, remote.config, request)).toString('utf8')
  const { config, diffIds } = readConfiguration(file, name, remote)
  onConfig?.(config)
  let unpackedBytes = 0
  const onBytes = (bytes: number): void => {
    unpackedBytes += bytes
    if (unpackedBytes > imageBytesMax) throw tooLargeImage(imageBytesMax)
    onUnpacked?.(bytes)
  }
  const meter = new ProgressMeter(
    remote.layers.map(({ size }) => size),
    onProgress,
  )
  await abortTogether(signal, (together) =>
    remote.layers.map((blob, at) =>
      slots.run(lease, async () => {
        const { registry, repository } = remote
        const reading = {
          ...request,
          signal: together,
          onProgress: (bytes: number) => meter.add(at, bytes),
          mayBeBytes: isAboutBytes,
        }
        const source = {
          diffId: diffIds[at] ?? '',
          blob: { ...blob, registry, repository },
          read: <T>(use: (archive: AsyncIterable<Buffer>) => Promise<T>): Promise<T> =>
            registries.withBlob(
              remote,
              blob,
              (bytes) => use(counted(plain(bytes, blob.mediaType), onBytes)),
              reading,
            ),
        }
        await store.addLayer(source, own, together)
        meter.done(at)
      }),
    ),
  )
  const isLent = credentials !== undefined && credentials.length > 0
  const origin = originOf(remote, isLent)
  return setImage(store, lease, text, { layers: diffIds, config, file, origin })
}

async function* counted(
  bytes: AsyncIterable<Buffer>,
  onBytes: (count: number) => void,
): AsyncGenerator<Buffer> {
  for await (const chunk of bytes) {
    onBytes(chunk.length)
    yield chunk
  }
}

function tooLargeImage(bytesMax: number): SandpiperError {
  return new SandpiperError(
    'SP_IMAGE_TOO_LARGE',
    `it has more than ${formatBytes(bytesMax)}, which is what all layers may have together here`,
    { hint: 'Set SANDPIPER_LAYERS_MAX to more, or use a smaller image.' },
  )
}

/** What registries want to know of who pulls. */
export function requestOf({
  credentials,
  signal,
  say,
}: Pick<PullOptions, 'credentials' | 'signal' | 'say'>): RequestOptions {
  return {
    ...(credentials === undefined ? {} : { credentials }),
    ...(signal === undefined ? {} : { signal }),
    ...(say === undefined ? {} : { onRetry: say }),
  }
}

function plain(bytes: AsyncIterable<Buffer>, mediaType: string): AsyncIterable<Buffer> {
  // Others could not read what is padded, when it is pushed as it came.
  return decompress(bytes, compressionOf(mediaType) ?? 'none', false)
}

/** Whether wrong bytes of a blob could be why it can't be unpacked. */
function isAboutBytes(error: unknown): boolean {
  if (!(error instanceof SandpiperError)) return false
  return ['SP_LAYER_INVALID', 'SP_LAYER_DIGEST', 'SP_LAYER_TOOL', 'SP_LAYER_COMPRESSION'].includes(
    error.code,
  )
}

function readConfiguration(text: string, name: ImageName, remote: RemoteImage): ImageFile {
  const parsed = parseJson(text, name)
  checkPlatform(parsed, name.familiar)
  const file = parseImageFile(parsed)
  if (file.diffIds.length !== remote.layers.length) {
    throw invalidImage(
      `the configuration of ${name.familiar} names ${file.diffIds.length} layers, its manifest ${remote.layers.length}`,
    )
  }
  return file
}

function parseJson(text: string, name: ImageName): unknown {
  try {
    return JSON.parse(text)
  } catch (error) {
    throw invalidImage(`the configuration of ${name.familiar} is no JSON`, error)
  }
}

function originOf(remote: RemoteImage, isLent: boolean): NonNullable<Image['origin']> {
  const { registry, repository, manifest, indexDigest } = remote
  return {
    ...{ registry, repository, manifest: manifest.digest },
    resolved: indexDigest ?? manifest.digest,
    pulled: Date.now(),
    ...(isLent ? { lent: true } : {}),
  }
}

/** All layers are held by now, so that none can be gone. */
async function setImage(
  store: LayerStore,
  lease: Lease,
  name: string,
  image: Parameters<LayerStore['setImage']>[1],
): Promise<Image> {
  await lease.hold(image.layers)
  return store.setImage(name, image)
}

/**
 * Waits for all of the work, and stops the rest as soon as one fails: so nothing goes on behind whoever gets the
 * error.
 * @throws what failed first
 */
async function abortTogether(
  signal: AbortSignal | undefined,
  start: (signal: AbortSignal) => readonly Promise<void>[],
): Promise<void> {
  const own = new AbortController()
  const whole = signal === undefined ? own.signal : AbortSignal.any([signal, own.signal])
  const failures: unknown[] = []
  const work = start(whole).map((one) =>
    one.catch((error: unknown) => {
      failures.push(error)
      own.abort(error)
    }),
  )
  await Promise.all(work)
  signal?.throwIfAborted()
  if (failures.length > 0) throw failures[0]
}
