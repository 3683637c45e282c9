import { createHash } from 'node:crypto'
import { join } from 'node:path'
import type { LayerOwners } from './metadata.js'
import { packTree } from './pack.js'
import { layerDirectory, type StorePaths } from './store-files.js'

/**
 * Digest over all that a layer's directory holds: names, contents, owners, modes, times, attributes, links. It is
 * that of an archive made of it, which depends on nothing else. A layer's diff id can't be had again from its
 * files, as archives may say the same in many ways.
 * @throws SandpiperError SP_LAYER_TOOL when it can't be read
 */
export async function treeDigest(
  paths: StorePaths,
  { shift, count }: LayerOwners,
  diffId: string,
): Promise<string> {
  const ids = shift === 0 ? {} : { ids: { start: shift, count } }
  const hash = createHash('sha256')
  const tree = join(layerDirectory(paths, diffId), 'fs')
  for await (const chunk of packTree(tree, { overlay: true, withRoot: true, ...ids })) {
    hash.update(chunk)
  }
  return `sha256:${hash.digest('hex')}`
}
