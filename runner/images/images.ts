import { SandpiperError } from '../../protocol/errors.js'
import { parseImageName, type ImageName } from '../layers/image-name.js'
import type { Image, LayerStore } from '../layers/types.js'
import type { Registries } from '../registry/types.js'
import { withDiskShare, type WatchDisk } from './disk-share.js'
import { pullImage, requestOf } from './pull-image.js'
import { Slots } from './slots.js'
import type { Images, PullOptions, RequireOptions } from './types.js'

/** Layers that are brought at once for one stage; each keeps a connection and about half a CPU busy. */
const LAYERS_AT_ONCE = 3

export interface ImagesOptions {
  readonly store: LayerStore
  readonly registries: Registries
  /** Bytes that layers may have together; what was used longest ago makes room. */
  readonly layersBytesMax: number
  /** Default: pulls are not watched. */
  readonly watchDisk?: WatchDisk
}

/** Opens what finds images by their names. It closes the registries with itself. */
export function openImages({
  store,
  registries,
  layersBytesMax,
  watchDisk = () => () => undefined,
}: ImagesOptions): Images {
  const slots = new Slots(LAYERS_AT_ONCE)
  const deps = { store, registries, slots, imageBytesMax: layersBytesMax }
  const makeRoom = async (bytesMax = layersBytesMax): Promise<number> =>
    (await store.prune({ bytesMax })).bytes
  const pull = async (name: string, options: PullOptions): Promise<Image> => {
    const pullOnce = (): Promise<Image> =>
      withDiskShare(watchDisk, name, options.signal, (share) =>
        pullImage(deps, name, { ...options, ...share }),
      )
    const image = await named(name, () => withRoom(pullOnce, makeRoom))
    await makeRoom()
    return image
  }
  return {
    pull,
    require: (name, options) => requireImage({ store, registries, pull }, name, options),
    makeRoom: () => makeRoom(),
    giveUpUnused: () => makeRoom(0),
    close: () => registries.close(),
  }
}

/** Says with an error which image it is about. */
async function named<T>(text: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work()
  } catch (error) {
    if (!(error instanceof SandpiperError) || error.code === 'SP_IMAGE_NAME') throw error
    const { code, message } = error
    const byHand = `Or put it there without: sandpiper image import ${text} --tar FILE`
    const hint = code === 'SP_REGISTRY_UNREACHABLE' ? `${error.hint} ${byHand}` : error.hint
    throw new SandpiperError(code, `can't pull ${text}: ${message}`, { hint, cause: error })
  }
}

/** A disk that is full may have images on it that nobody uses. */
async function withRoom<T>(
  work: () => Promise<T>,
  makeRoom: (bytesMax: number) => Promise<number>,
): Promise<T> {
  try {
    return await work()
  } catch (error) {
    if (!(error instanceof SandpiperError) || error.code !== 'SP_LAYER_DISK_FULL') throw error
    if ((await makeRoom(0)) === 0) throw error
    return await work()
  }
}

interface Sources {
  readonly store: LayerStore
  readonly registries: Registries
  readonly pull: Images['pull']
}

async function requireImage(
  sources: Sources,
  text: string,
  options: RequireOptions,
): Promise<Image> {
  const name = parseImageName(text)
  const found = await findHeld(sources.store, text, options)
  if (found !== null) options.onConfig?.(found.config)
  if (found === null) {
    if (options.policy === 'never') throw neverPulled(name)
    return sources.pull(text, options)
  }
  await sources.store.touch(found)
  const isLent = found.origin?.lent === true
  return isLent || isDue(name, found, options) ? refresh(sources, text, found, options) : found
}

/** An image with its layers held, or null. */
async function findHeld(
  store: LayerStore,
  name: string,
  { lease }: RequireOptions,
): Promise<Image | null> {
  const image = await store.find(name)
  return image !== null && (await lease.hold(image.layers)) ? image : null
}

/**
 * Whether the registry is asked for something newer. What was imported under a name is what is meant by it, until
 * somebody says `always`.
 */
function isDue(name: ImageName, { origin }: Image, { policy }: RequireOptions): boolean {
  if (name.digest !== null) return false
  if (policy !== undefined) return policy === 'always'
  return name.tag === 'latest' && origin !== undefined
}

/**
 * Asks with one small request whether there is anything newer, and pulls only then. Who is not allowed to is told
 * so by the registry; what others' credentials have brought is for nobody whom it can't be asked about.
 */
async function refresh(
  { registries, pull }: Sources,
  text: string,
  found: Image,
  options: RequireOptions,
): Promise<Image> {
  const { signal, say, policy } = options
  const isLent = found.origin?.lent === true
  try {
    const now = await named(text, () => resolvedNow(registries, parseImageName(text), options))
    const isWanted = policy === 'always' || !isLent
    return now === found.origin?.resolved || !isWanted ? found : await pull(text, options)
  } catch (error) {
    signal?.throwIfAborted()
    if (policy === 'always' || isLent || !isAway(error)) throw error
    say?.(`warning: ${(error as Error).message}; using the image that was pulled before`)
    return found
  }
}

/** What the name stands for now, as the registry says to who asks. */
async function resolvedNow(
  registries: Registries,
  name: ImageName,
  options: RequireOptions,
): Promise<string> {
  const request = requestOf(options)
  if (name.digest === null) return registries.digestOf(name, request)
  // For a digest alone no registry would be asked.
  const { manifest, indexDigest } = await registries.resolve(name, request)
  return indexDigest ?? manifest.digest
}

/** A registry that does not answer is no reason to stop who did not ask for it. */
function isAway(error: unknown): boolean {
  const codes = ['SP_REGISTRY_UNREACHABLE', 'SP_REGISTRY_FAILED', 'SP_REGISTRY_TLS']
  return error instanceof SandpiperError && codes.includes(error.code)
}

function neverPulled({ familiar }: ImageName): SandpiperError {
  return new SandpiperError(
    'SP_RUNNER_NO_IMAGE',
    `image ${familiar} is not in the layer store of this runner, and \`pull: never\` forbids pulling it`,
    { hint: `Put it there, on the runner's machine: sandpiper image pull ${familiar}` },
  )
}
