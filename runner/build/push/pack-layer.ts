import { createHash } from 'node:crypto'
import { createReadStream, createWriteStream } from 'node:fs'
import { stat } from 'node:fs/promises'
import path from 'node:path'
import { Readable, type Transform } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { createGzip } from 'node:zlib'
import { isNamespaceRoot, namespaceStageIds } from '../../../native/lib/user-namespace.js'
import { packTree } from '../../layers/pack.js'
import type { LayerStore } from '../../layers/types.js'
import type { BlobSource, Descriptor } from '../../registry/types.js'

/** A layer of the store as a blob in a file. */
export interface PackedLayer {
  /** Of the archive as it was packed now. */
  readonly diffId: string
  readonly blob: Descriptor
  readonly source: BlobSource
}

/** Little smaller than by gzip's default, in half of the time. */
const LEVEL = 4
const MEDIA_TYPE = 'application/vnd.oci.image.layer.v1.tar+gzip'

/**
 * Packs a layer of the store anew: equal layers become equal bytes.
 * @param directory where the file is made; the caller removes it
 * @throws SandpiperError SP_LAYER_TOOL; AbortError
 */
export async function packLayer(
  diffId: string,
  {
    layers,
    directory,
    signal,
  }: {
    readonly layers: Pick<LayerStore, 'layerPaths'>
    readonly directory: string
    readonly signal: AbortSignal
  },
): Promise<PackedLayer> {
  const [tree = ''] = layers.layerPaths({ layers: [diffId] })
  const ids = isNamespaceRoot() ? namespaceStageIds() : null
  const shift = ids === null ? {} : { ids: { start: ids.start, count: ids.count } }
  const archive = packTree(tree, { overlay: true, signal, ...shift })
  const file = path.join(directory, `${diffId.slice('sha256:'.length)}.tar.gz`)
  const plain = createHash('sha256')
  const packed = createHash('sha256')
  await pipeline(
    Readable.from(hashed(archive, plain)),
    createGzip({ level: LEVEL }),
    (chunks: AsyncIterable<Buffer>) => hashed(chunks, packed),
    createWriteStream(file, { flags: 'wx', mode: 0o600 }) as unknown as Transform,
    { signal },
  )
  const { size } = await stat(file)
  const digest = `sha256:${packed.digest('hex')}`
  return {
    diffId: `sha256:${plain.digest('hex')}`,
    blob: { mediaType: MEDIA_TYPE, digest, size },
    source: { digest, size, open: () => createReadStream(file) },
  }
}

async function* hashed(
  chunks: AsyncIterable<Buffer>,
  hash: ReturnType<typeof createHash>,
): AsyncGenerator<Buffer> {
  for await (const chunk of chunks) {
    hash.update(chunk)
    yield chunk
  }
}
