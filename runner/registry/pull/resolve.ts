import type { ImageName } from '../../layers/image-name.js'
import type { Endpoint } from '../endpoints.js'
import { badManifest } from '../errors.js'
import type { Client } from '../http/client.js'
import { firstThatHas } from '../http/first-that-has.js'
import { INDEX_DEPTH_MAX, MANIFESTS_READ_MAX } from '../limits.js'
import { candidates, noPlatform, platformsOf } from '../manifest/choose.js'
import { platformOf, type IndexEntry, type Manifest } from '../manifest/parse.js'
import { fitOf, ownPlatform, showPlatform } from '../manifest/platforms.js'
import type { Descriptor, Platform, RemoteImage, RequestOptions } from '../types.js'
import { fetchDigest, fetchManifest } from './fetch-manifest.js'
import { readBlob } from './read-blob.js'

/** @see Registries.digestOf */
export async function digestOf(
  client: Client,
  name: ImageName,
  options: RequestOptions,
): Promise<string> {
  if (name.digest !== null) return name.digest
  const request = { ...requestFor(name), options }
  return firstThatHas(client, client.endpoints.allOf(name.registry), options, (endpoint) =>
    fetchDigest(client, endpoint, request),
  )
}

/** @see Registries.resolve */
export async function resolve(
  client: Client,
  name: ImageName,
  options: RequestOptions & { readonly platform?: Platform },
): Promise<RemoteImage> {
  const wanted = options.platform ?? ownPlatform()
  return firstThatHas(client, client.endpoints.allOf(name.registry), options, (endpoint) =>
    new Search(client, endpoint, name, wanted, options).run(),
  )
}

function requestFor(name: ImageName): {
  readonly repository: string
  readonly reference: string
  readonly what: string
} {
  const reference = name.digest ?? name.tag ?? 'latest'
  return { repository: name.repository, reference, what: name.familiar }
}

/** Goes through an index, and the indexes in it, for one platform's image. */
class Search {
  readonly #client: Client
  readonly #endpoint: Endpoint
  readonly #name: ImageName
  readonly #wanted: Platform
  readonly #options: RequestOptions
  readonly #offered: string[] = []
  #read = 0

  constructor(
    client: Client,
    endpoint: Endpoint,
    name: ImageName,
    wanted: Platform,
    options: RequestOptions,
  ) {
    this.#client = client
    this.#endpoint = endpoint
    this.#name = name
    this.#wanted = wanted
    this.#options = options
  }

  /** @throws RegistryError */
  async run(): Promise<RemoteImage> {
    const { descriptor, manifest } = await this.#fetch(requestFor(this.#name).reference)
    if (manifest.kind === 'image') return this.#image(descriptor, manifest, null)
    const found = await this.#searchIndex(manifest.entries, descriptor.digest, 1)
    if (found) return found
    throw noPlatform(this.#name.familiar, this.#wanted, this.#offered)
  }

  async #searchIndex(
    entries: readonly IndexEntry[],
    indexDigest: string,
    depth: number,
  ): Promise<RemoteImage | null> {
    this.#offered.push(...platformsOf(entries.filter(({ platform }) => platform !== null)))
    for (const entry of candidates(entries, this.#wanted)) {
      const { descriptor, manifest } = await this.#fetch(entry.digest)
      const found =
        manifest.kind === 'index'
          ? await this.#goDeeper(manifest.entries, indexDigest, depth)
          : await this.#suitable(entry, this.#image(descriptor, manifest, indexDigest))
      if (found) return found
    }
    return null
  }

  #goDeeper(
    entries: readonly IndexEntry[],
    indexDigest: string,
    depth: number,
  ): Promise<RemoteImage | null> {
    if (depth >= INDEX_DEPTH_MAX) {
      throw this.#bad(`it has more than ${INDEX_DEPTH_MAX} indexes inside each other`)
    }
    return this.#searchIndex(entries, indexDigest, depth + 1)
  }

  /** Where the index does not say what an image is for, its configuration does. */
  async #suitable(entry: IndexEntry, image: RemoteImage): Promise<RemoteImage | null> {
    if (entry.platform) return image
    const bytes = await readBlob(this.#client, image, image.config, this.#options)
    const platform = configPlatform(bytes)
    if (!platform || fitOf(platform, this.#wanted) !== null) return image
    this.#offered.push(showPlatform(platform))
    return null
  }

  async #fetch(reference: string): ReturnType<typeof fetchManifest> {
    this.#read += 1
    if (this.#read > MANIFESTS_READ_MAX)
      throw this.#bad('its index has too many images without platform')
    const request = { ...requestFor(this.#name), reference, options: this.#options }
    return fetchManifest(this.#client, this.#endpoint, request)
  }

  #image(
    descriptor: Descriptor,
    { config, layers }: Extract<Manifest, { readonly kind: 'image' }>,
    indexDigest: string | null,
  ): RemoteImage {
    const { registry, repository } = this.#name
    return { registry, repository, manifest: descriptor, indexDigest, config, layers }
  }

  #bad(why: string): Error {
    return badManifest(this.#name.familiar, this.#endpoint.label, why)
  }
}

/** Platform of an image configuration's text; null where it says none. */
function configPlatform(bytes: Buffer): Platform | null {
  try {
    return platformOf(JSON.parse(bytes.toString('utf8')))
  } catch {
    return null
  }
}
