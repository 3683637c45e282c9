import { readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { record, text } from './json-values.js'
import { isDigest } from './oci.js'
import { layerDirectory, readJson, type StorePaths } from './store-files.js'
import type { LayerBlob, StoredLayer } from './types.js'

/** What `layer.json` says. */
export interface LayerFile extends StoredLayer {
  /** The boot in which it was unpacked, as long as it may not have reached the disk. */
  readonly unsyncedBoot?: string
  /** Digest of its files as they were when they reached the disk; see `treeDigest`. */
  readonly tree?: string
}

/** Path of what is known about a layer. */
export function layerFile(directory: string): string {
  return join(directory, 'layer.json')
}

/** What the store says of a layer; null when it has none. */
export async function readLayer(paths: StorePaths, diffId: string): Promise<LayerFile | null> {
  const value = record(await readJson(layerFile(layerDirectory(paths, diffId))))
  if (text(value['diffId']) !== diffId || typeof value['size'] !== 'number') return null
  const blob = blobOf(value['blob'])
  const boot = text(value['unsyncedBoot'])
  return {
    diffId,
    size: value['size'],
    entries: Number(value['entries']),
    created: Number(value['created']),
    ...(blob === null ? {} : { blob }),
    ...(boot === '' ? {} : { unsyncedBoot: boot }),
    ...(typeof value['tree'] === 'string' ? { tree: value['tree'] } : {}),
  }
}

function blobOf(value: unknown): LayerBlob | null {
  const blob = record(value)
  const digest = text(blob['digest'])
  if (!isDigest(digest)) return null
  return {
    digest,
    mediaType: text(blob['mediaType']),
    size: Number(blob['size']),
    registry: text(blob['registry']),
    repository: text(blob['repository']),
  }
}

/** Diff ids of all directories of layers, whole or not. */
export async function layerIds(paths: StorePaths): Promise<readonly string[]> {
  const names = await readdir(paths.layers)
  return names.map((hex) => `sha256:${hex}`).filter(isDigest)
}
