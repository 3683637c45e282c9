/** How a layer is packed. */
export type Packing = 'gzip' | 'zstd' | 'none'

const DOCKER = 'application/vnd.docker'
const OCI = 'application/vnd.oci.image'

export const INDEX_TYPES: ReadonlySet<string> = new Set([
  `${OCI}.index.v1+json`,
  `${DOCKER}.distribution.manifest.list.v2+json`,
])

export const MANIFEST_TYPES: ReadonlySet<string> = new Set([
  `${OCI}.manifest.v1+json`,
  `${DOCKER}.distribution.manifest.v2+json`,
])

/** Docker's first form, which has no digests of configurations. */
export const SCHEMA1_TYPES: ReadonlySet<string> = new Set([
  `${DOCKER}.distribution.manifest.v1+json`,
  `${DOCKER}.distribution.manifest.v1+prettyjws`,
])

export const CONFIG_TYPES: ReadonlySet<string> = new Set([
  `${OCI}.config.v1+json`,
  `${DOCKER}.container.image.v1+json`,
])

export const ACCEPT_MANIFESTS = [...INDEX_TYPES, ...MANIFEST_TYPES].join(', ')

const LAYERS: ReadonlyMap<string, Packing> = new Map([
  [`${OCI}.layer.v1.tar`, 'none'],
  [`${OCI}.layer.v1.tar+gzip`, 'gzip'],
  [`${OCI}.layer.v1.tar+zstd`, 'zstd'],
  [`${OCI}.layer.nondistributable.v1.tar`, 'none'],
  [`${OCI}.layer.nondistributable.v1.tar+gzip`, 'gzip'],
  [`${OCI}.layer.nondistributable.v1.tar+zstd`, 'zstd'],
  [`${DOCKER}.image.rootfs.diff.tar`, 'none'],
  [`${DOCKER}.image.rootfs.diff.tar.gzip`, 'gzip'],
  [`${DOCKER}.image.rootfs.diff.tar.zstd`, 'zstd'],
  [`${DOCKER}.image.rootfs.foreign.diff.tar`, 'none'],
  [`${DOCKER}.image.rootfs.foreign.diff.tar.gzip`, 'gzip'],
])

/** Null for what is no layer that we know. */
export function compressionOf(mediaType: string): Packing | null {
  return LAYERS.get(mediaType) ?? null
}

/** Whether registries may leave the layer out, and name places in the web instead. */
export function isForeign(mediaType: string): boolean {
  return /\.nondistributable\.|\.foreign\./.test(mediaType)
}
