import type { LayerStore, Lease } from '../../layers/types.js'
import { isDigest } from '../../layers/oci.js'
import { record, text } from '../../layers/json-values.js'
import type { Descriptor } from '../../registry/types.js'

/** A layer as a registry has it. */
export interface KnownBlob extends Descriptor {
  /** Of the archive in the blob: a layer that was packed anew has other bytes than it came in. */
  readonly diffId: string
  readonly registry: string
  readonly repository: string
}

/** The blob that a layer was pulled as, or pushed as before; null where neither is known. */
export async function knownBlob(
  layers: LayerStore,
  lease: Lease,
  diffId: string,
): Promise<KnownBlob | null> {
  const pushed = await layers.readRecord(keyOf(diffId), lease)
  const found = record(pushed?.data)
  const digest = text(found['digest'])
  if (isDigest(digest) && typeof found['size'] === 'number') {
    return {
      diffId: text(found['diffId']),
      ...{ digest, size: found['size'], mediaType: text(found['mediaType']) },
      ...{ registry: text(found['registry']), repository: text(found['repository']) },
    }
  }
  const layer = await layers.layer(diffId)
  return layer?.blob === undefined ? null : { ...layer.blob, diffId }
}

/** Keeps where a layer is now. */
export async function rememberBlob(
  layers: LayerStore,
  diffId: string,
  blob: KnownBlob,
): Promise<void> {
  const data = { ...blob }
  await layers.writeRecord(keyOf(diffId), { layers: [diffId], data })
}

function keyOf(diffId: string): string {
  return `blob 1 ${diffId}`
}
