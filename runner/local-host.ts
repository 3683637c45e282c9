import path from 'node:path'
import { makePrivateDirectory } from '../protocol/data-dir.js'
import { SandpiperError } from '../protocol/errors.js'
import type { HostConfig } from './config.js'
import { openHost, type Host } from './host.js'

/** Those that may be open at once on one data directory. */
const SLOTS = 64

/**
 * A host for what a person runs here. It uses a directory of its own below the data directory, so that it
 * can be open beside a runner and beside others of its kind; the layer store is the common one.
 * @throws SandpiperError SP_DATA_DIR; SP_RUNNER_DATA_IN_USE when too many are open; as `openHost`
 */
export async function openLocalHost(config: HostConfig): Promise<Host> {
  const layersDir = config.layersDir ?? path.join(config.dataDir, 'layers')
  const slots = path.join(config.dataDir, 'exec')
  await makePrivateDirectory(slots)
  for (let slot = 0; ; slot++) {
    const dataDir = path.join(slots, String(slot))
    try {
      return await openHost({ ...config, layersDir, dataDir })
    } catch (error) {
      const isTaken = error instanceof SandpiperError && error.code === 'SP_RUNNER_DATA_IN_USE'
      if (!isTaken || slot === SLOTS - 1) throw error
    }
  }
}
