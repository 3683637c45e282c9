/** Bounds on what one import may bring. */
export interface LayerLimits {
  /** Bytes that the files of one layer may have, unpacked. */
  readonly layerBytesMax: number
  /** Files, directories and links that one layer may have. */
  readonly layerEntriesMax: number
}

export const DEFAULT_LAYER_LIMITS: LayerLimits = {
  layerBytesMax: 20 * 1024 ** 3,
  layerEntriesMax: 1_000_000,
}

/** Bytes of a manifest or configuration inside an image archive. */
export const JSON_BYTES_MAX = 8 * 1024 * 1024

/** Bytes of a configuration that is kept: each step that an image is for reads it. Real ones have some thousands. */
export const CONFIGURATION_BYTES_MAX = 2 * 1024 * 1024

/** Layers of one image: overlayfs takes 500 lower directories (OVL_MAX_STACK), and one page of options. */
export const IMAGE_LAYERS_MAX = 127

/** Entries that an image archive may have outside its layers; with more it is a root file system. */
export const ARCHIVE_ENTRIES_MAX = 5000

/** Longest wait for another process that changes the same store, in milliseconds. */
export const STORE_LOCK_TIMEOUT_MS = 10 * 60_000

/** Longest wait for another process that brings the same layer, in milliseconds. */
export const LAYER_LOCK_TIMEOUT_MS = 60 * 60_000
