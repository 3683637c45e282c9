import { createHash } from 'node:crypto'
import { chmod, mkdir } from 'node:fs/promises'
import { AS_ARCHIVED, filterLayer, tooLarge } from './layer-filter.js'
import type { Filtered, LayerOwners } from './layer-filter.js'
import type { LayerLimits } from './limits.js'
import { streamInput } from './tar/input.js'
import { feedTool, runTool } from './tools.js'

export interface Unpacked extends Filtered {
  /** `sha256:` + hex of the whole uncompressed archive, as OCI's configuration names layers. */
  readonly diffId: string
}

/**
 * Unpacks an uncompressed layer archive into a new directory with GNU tar, which gets nothing but what
 * the filter wrote, and sees to it that the files are on disk before anyone relies on them.
 * @throws SandpiperError SP_LAYER_INVALID, SP_LAYER_TOO_LARGE, SP_LAYER_IDS, SP_LAYER_TOOL
 */
export async function unpackLayer(
  archive: AsyncIterable<Buffer>,
  directory: string,
  limits: LayerLimits,
  owners: LayerOwners = AS_ARCHIVED,
): Promise<Unpacked> {
  await mkdir(directory)
  await chmod(directory, 0o755)
  const hash = createHash('sha256')
  let archiveBytes = 0
  const input = streamInput(archive, (chunk) => {
    hash.update(chunk)
    archiveBytes += chunk.length
    if (archiveBytes > archiveBytesMax(limits)) throw tooLarge(limits)
  })
  const filtered = await feedTool('tar', tarArguments(directory), async (sink) => {
    const result = await filterLayer(input, limits, sink, owners)
    // What comes after the end of the archive still counts for its checksum.
    await input.drain()
    return result
  })
  if (owners.shift !== 0) await giveRest(directory, owners.shift)
  await runTool('sync', ['--file-system', directory])
  return { ...filtered, diffId: `sha256:${hash.digest('hex')}` }
}

/** What the archive does not name, the directories that it implies, was made as our own. */
async function giveRest(directory: string, owner: number): Promise<void> {
  const to = `${owner}:${owner}`
  await runTool('chown', ['-hR', '--from=0:0', to, '--', directory])
}

/** Headers come on top of what the files may have; endless nothings behind the end count as well. */
function archiveBytesMax({ layerBytesMax, layerEntriesMax }: LayerLimits): number {
  return layerBytesMax + layerEntriesMax * 4096
}

function tarArguments(directory: string): readonly string[] {
  return [
    '--extract',
    '--file=-',
    `--directory=${directory}`,
    '--numeric-owner',
    '--preserve-permissions',
    '--delay-directory-restore',
    '--xattrs',
    '--xattrs-include=user.*',
    '--xattrs-include=security.capability',
    '--warning=no-timestamp',
    '--no-seek',
  ]
}
