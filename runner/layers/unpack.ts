import { createHash } from 'node:crypto'
import { chmod, mkdir } from 'node:fs/promises'
import { entryErrors } from './errors.js'
import { feedUnpack } from './layer-feed.js'
import { filterLayer, type Filtered } from './layer-filter.js'
import type { LayerLimits } from './limits.js'
import { AS_ARCHIVED, type LayerOwners } from './metadata.js'
import { streamInput } from './tar/input.js'

export interface Unpacked extends Filtered {
  /** `sha256:` + hex of the whole uncompressed archive, as OCI's configuration names layers. */
  readonly diffId: string
}

export interface UnpackOptions {
  /** Default: as archived. */
  readonly owners?: LayerOwners
  /**
   * Directories of the layers below, topmost first, for what a layer leaves to them: `isBound` tells
   * whether it does. Default: none.
   */
  readonly parents?: readonly string[]
  readonly signal?: AbortSignal | undefined
}

/**
 * Unpacks an uncompressed layer archive into a new directory. The archive is understood here; the files
 * are made by a process that is confined to the directory and gets nothing but what was understood. That
 * they reach the disk is left to the caller.
 * @throws SandpiperError SP_LAYER_INVALID, SP_LAYER_TOO_LARGE, SP_LAYER_IDS, SP_LAYER_DISK_FULL,
 * SP_LAYER_TOOL; AbortError
 */
export async function unpackLayer(
  archive: AsyncIterable<Buffer>,
  directory: string,
  limits: LayerLimits,
  { owners = AS_ARCHIVED, parents = [], signal }: UnpackOptions = {},
): Promise<Unpacked> {
  signal?.throwIfAborted()
  await mkdir(directory)
  await chmod(directory, 0o755)
  const hash = createHash('sha256')
  let archiveBytes = 0
  const input = streamInput(abortable(archive, signal), (chunk) => {
    hash.update(chunk)
    archiveBytes += chunk.length
    if (archiveBytes > archiveBytesMax(limits)) throw entryErrors.tooLarge(limits)
  })
  const filtered = await feedUnpack(directory, async (sink) => {
    const result = await filterLayer(input, sink, { limits, owners, parents })
    // What comes after the end of the archive still counts for its checksum.
    await input.drain()
    return result
  })
  return { ...filtered, diffId: `sha256:${hash.digest('hex')}` }
}

/** Headers come on top of what the files may have; endless nothings behind the end count as well. */
function archiveBytesMax({ layerBytesMax, layerEntriesMax }: LayerLimits): number {
  return layerBytesMax + layerEntriesMax * 4096
}

/** Does not wait for a source that brings nothing any more once it is aborted. */
async function* abortable(
  source: AsyncIterable<Buffer>,
  signal: AbortSignal | undefined,
): AsyncGenerator<Buffer> {
  if (signal === undefined) {
    yield* source
    return
  }
  let onAbort = (): void => undefined
  const aborted = new Promise<never>((_, reject) => {
    onAbort = () => reject(signal.reason as Error)
    signal.addEventListener('abort', onAbort)
  })
  aborted.catch(() => undefined)
  const iterator = source[Symbol.asyncIterator]()
  try {
    for (;;) {
      const next = await Promise.race([iterator.next(), aborted])
      if (next.done === true) return
      yield next.value
      signal.throwIfAborted()
    }
  } finally {
    signal.removeEventListener('abort', onAbort)
    void iterator.return?.().catch(() => undefined)
  }
}
