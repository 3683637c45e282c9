import { LogIndexes } from '../../logs/log-indexes.js'
import { SearchLine } from '../../logs/search-line.js'
import type { ServerServices } from '../../services.js'
import type { FollowTimes } from '../app-types.js'
import { LogBlocks } from './blocks.js'
import { LogFeeds } from './feeds.js'
import { Heartbeats } from './heartbeats.js'

/** What all viewers of logs share. */
export interface LogHub {
  readonly services: ServerServices
  readonly indexes: LogIndexes
  readonly searches: SearchLine
  readonly blocks: LogBlocks
  readonly feeds: LogFeeds
  readonly heartbeats: Heartbeats
  readonly times: FollowTimes
}

/** One hub a server: who looks at the same log through it is read to once. */
export function createLogHub(services: ServerServices, times: FollowTimes): LogHub {
  const { store } = services.logs
  return {
    services,
    times,
    indexes: new LogIndexes(store),
    searches: new SearchLine(),
    blocks: new LogBlocks(store),
    feeds: new LogFeeds(),
    heartbeats: new Heartbeats(times.heartbeatMs),
  }
}
