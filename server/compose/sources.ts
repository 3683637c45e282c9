import { join } from 'node:path'
import { createMirrors } from '../../git/mirrors.js'
import type { Mirrors } from '../../git/types.js'
import { closeForges, createForges } from '../forges/create-forges.js'
import type { Forges } from '../forges/types.js'
import type { LogKeeper } from '../logs/log-keeper.js'
import type { LogStore } from '../logs/log-store.js'
import { openLogs } from '../logs/open-logs.js'
import type { Base } from './base.js'

/** Where logs and repos are, and the forges that repos come from. */
export interface Sources {
  readonly logs: LogStore
  readonly keeper: LogKeeper
  readonly mirrors: Mirrors
  readonly forges: Forges
}

export async function openSources({
  config,
  db,
  clock,
  logger,
  closers,
  parts,
}: Base): Promise<Sources> {
  const { dataDir } = config
  const { store: logs, keeper } = await openLogs({
    ...{ db, dataDir, clock, logger, closers },
    isShared: 'url' in config.database,
    config: config.logs,
  })
  const mirrors = createMirrors(join(dataDir, 'mirrors'), {
    environment: parts.gitEnvironment ?? {},
  })
  closers.add('mirrors', mirrors, (it) => it.close())
  const forges = closers.add('forges', createForges(config.forges), closeForges)
  return { logs, keeper, mirrors, forges }
}
