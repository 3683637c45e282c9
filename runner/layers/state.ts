import { withFileLock } from '../../git/file-lock.js'
import type { Durability } from './durability.js'
import type { LayerOwners } from './metadata.js'
import { STORE_LOCK_TIMEOUT_MS, type LayerLimits } from './limits.js'
import type { StorePaths } from './store-files.js'
import type { StoredLayer } from './types.js'

/** An open store, as its parts share it. */
export interface StoreState {
  readonly paths: StorePaths
  readonly limits: LayerLimits
  readonly owners: LayerOwners
  readonly durability: Durability
  /** Layers that this process is bringing, by diff id and where they come from. */
  readonly flights: Map<string, Promise<StoredLayer>>
}

/** Runs `work` while no other process changes which layers and images there are. */
export function locked<T>(
  { paths }: Pick<StoreState, 'paths'>,
  work: () => Promise<T>,
): Promise<T> {
  return withFileLock(paths.lock, { timeoutMs: STORE_LOCK_TIMEOUT_MS }, work)
}
