import { createHash } from 'node:crypto'
import type { ArchiveIndex } from './archive-index.js'
import { openMember, readMember, readMemberJson } from './archive-index.js'
import { invalidImage } from './errors.js'
import { OWN_ARCHITECTURE, parseImageFile } from './image-config.js'
import { record, strings, text } from './json-values.js'
import { parseImageName } from './image-name.js'
import { isDigest } from './oci.js'
import type { ImageConfig, LayerSource } from './types.js'

/** An image whose layers are still to be unpacked; bottom layer first. */
export interface ImageSource {
  readonly config: ImageConfig
  /** The configuration as it was read, a JSON text; absent where there was none. */
  readonly file?: string
  readonly layers: readonly LayerSource[]
}

/** A layer of which nothing is known. */
export function onlyLayer(open: () => AsyncIterable<Buffer>): LayerSource {
  return { diffId: null, read: (use) => use(open()) }
}

/**
 * The image in a `docker save` archive (manifest.json) or an OCI archive (oci-layout, index.json), or
 * null when it is neither. `wanted` picks one where there are several.
 * @throws SandpiperError SP_IMAGE_INVALID
 */
export async function readImageArchive(
  index: ArchiveIndex,
  wanted: string,
): Promise<ImageSource | null> {
  const manifest = await readMemberJson(index, 'manifest.json')
  if (Array.isArray(manifest) && manifest.some((one) => 'Layers' in record(one))) {
    return readDockerArchive(index, manifest.map(record), wanted)
  }
  if (record(await readMemberJson(index, 'oci-layout'))['imageLayoutVersion'] === undefined) {
    return null
  }
  return readOciArchive(index, await readMemberJson(index, 'index.json'))
}

async function readDockerArchive(
  index: ArchiveIndex,
  images: readonly Readonly<Record<string, unknown>>[],
  wanted: string,
): Promise<ImageSource> {
  const named = images.find((image) =>
    strings(image['RepoTags']).some((tag) => isName(tag, wanted)),
  )
  const image = named ?? (images.length === 1 ? images[0] : undefined)
  if (image === undefined) {
    const tags = images.flatMap((one) => strings(one['RepoTags'])).join(', ')
    throw invalidImage(`the archive has several images and none is ${wanted}: ${tags}`)
  }
  const config = await readMemberJson(index, text(image['Config']))
  return toSource(index, config, strings(image['Layers']))
}

function isName(tag: string, wanted: string): boolean {
  try {
    return parseImageName(tag).canonical === wanted
  } catch {
    return false
  }
}

async function readOciArchive(index: ArchiveIndex, top: unknown): Promise<ImageSource> {
  let document = record(top)
  // An index may name further indexes, one for each platform of an image.
  for (let depth = 0; Array.isArray(document['manifests']); depth += 1) {
    if (depth > 3) throw invalidImage('index.json leads from one index to the next')
    document = record(await readBlobJson(index, pickManifest(document['manifests'])))
  }
  const config = await readBlobJson(index, text(record(document['config'])['digest']))
  const layers = Array.isArray(document['layers']) ? document['layers'] : []
  const digests = layers.map((layer) => text(record(layer)['digest']))
  return toSource(index, config, digests.map(blobPath))
}

/** The manifest for this host, or the only one that says nothing of a platform. */
function pickManifest(manifests: readonly unknown[]): string {
  const architecture = OWN_ARCHITECTURE
  const fits = (manifest: unknown): boolean => {
    const platform = record(manifest)['platform']
    if (platform === undefined) return true
    const { os, architecture: for_ } = record(platform)
    return os === 'linux' && for_ === architecture
  }
  const found = manifests.find(fits)
  if (found === undefined) throw invalidImage(`the archive has no image for linux/${architecture}`)
  return text(record(found)['digest'])
}

async function readBlobJson(index: ArchiveIndex, digest: string): Promise<unknown> {
  const bytes = await readMember(index, blobPath(digest))
  if (bytes === null) throw invalidImage(`blob ${digest} is not in the archive`)
  if (`sha256:${createHash('sha256').update(bytes).digest('hex')}` !== digest) {
    throw invalidImage(`blob ${digest} is not what its digest says`)
  }
  return JSON.parse(bytes.toString('utf8')) as unknown
}

function blobPath(digest: string): string {
  if (!isDigest(digest)) throw invalidImage(`not a sha256 digest: ${JSON.stringify(digest)}`)
  return `blobs/${digest.replace(':', '/')}`
}

/** Layers are checked against the configuration's diff ids while they are unpacked. */
function toSource(index: ArchiveIndex, file: unknown, members: readonly string[]): ImageSource {
  const { config, diffIds } = parseImageFile(file)
  if (diffIds.length !== members.length) {
    throw invalidImage(
      `the configuration names ${String(diffIds.length)} layers, the manifest ${String(members.length)}`,
    )
  }
  const layers = members.map((member, at) => ({
    diffId: diffIds[at] ?? null,
    read: async <T>(use: (archive: AsyncIterable<Buffer>) => Promise<T>) =>
      use(await openMember(index, member)),
  }))
  return { config, layers, file: JSON.stringify(file) }
}
