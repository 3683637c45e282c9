import { SandpiperError } from '../../../protocol/errors.js'
import { packTree } from '../../layers/pack.js'
import type { LayerStore, Lease, StoredLayer } from '../../layers/types.js'
import { formatBytes } from '../../stage/format.js'

/** What keeps the layers of a build while it runs. */
export interface LayerKeeper {
  readonly layers: LayerStore
  readonly lease: Lease
  readonly signal: AbortSignal
  /** Bytes that one layer may have. */
  readonly bytesMax: number
}

/**
 * Keeps what was written to an overlay as a layer; null when nothing was.
 * @param upper its upper directory
 * @param ids those of the stage, which the files belong to
 */
export async function keepUpper(
  { layers, lease, signal, bytesMax }: LayerKeeper,
  upper: string,
  ids: { readonly start: number; readonly count: number },
): Promise<StoredLayer | null> {
  const { start, count } = ids
  const layer = await layers.addLayer(
    {
      diffId: null,
      read: (use) =>
        use(bounded(packTree(upper, { overlay: true, ids: { start, count }, signal }), bytesMax)),
    },
    lease,
    signal,
  )
  return isEmpty(layer) ? null : layer
}

/** Digest of an archive that has nothing in it: two empty blocks. */
const EMPTY = 'sha256:5f70bf18a086007016e948b04aed3b82103a36bea41755b6cddfaf10ace3c6ef'

export function isEmpty({ diffId }: Pick<StoredLayer, 'diffId'>): boolean {
  return diffId === EMPTY
}

/** Refuses a layer before it fills the store. */
export async function* bounded(
  archive: AsyncIterable<Buffer>,
  bytesMax: number,
): AsyncGenerator<Buffer> {
  let bytes = 0
  for await (const chunk of archive) {
    bytes += chunk.length
    if (bytes > bytesMax) throw layerTooLarge(bytesMax)
    yield chunk
  }
}

function layerTooLarge(bytesMax: number): SandpiperError {
  return new SandpiperError(
    'SP_BUILD_TOO_LARGE',
    `a layer of the image has more than ${formatBytes(bytesMax)}, the disk limit of the step`,
    { hint: 'Leave files out with a .dockerignore, or give the step more: resources: {disk: 20g}' },
  )
}
