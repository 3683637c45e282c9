import { logObservation } from '../metrics/log-observation.js'
import { Dispatcher } from '../scheduling/dispatcher.js'
import { Enqueuer } from '../scheduling/enqueuer.js'
import { QueueLosses } from '../scheduling/queue-losses.js'
import { createSecrets } from '../secrets/open-secrets.js'
import type { SecretService } from '../secrets/types.js'
import { Downlink } from '../uplink/downlink.js'
import type { Base } from './base.js'
import type { People } from './people.js'
import type { Transport } from './transport.js'

/** What gives stages to runners, with the secrets that they may have. */
export interface Scheduling {
  readonly secrets: SecretService
  readonly downlink: Downlink
  readonly losses: QueueLosses
  readonly enqueuer: Enqueuer
  readonly dispatcher: Dispatcher
}

/** Who serves a build, as its steps are told. */
export function systemOf({ address, version }: Base) {
  return () => ({ link: address.url, version })
}

export function createScheduling(
  base: Base,
  { redis, queues, news }: Transport,
  { cloneLogin }: People,
): Scheduling {
  const { db, clock, logger, secretKeys, redisNames, metrics, closers } = base
  const { service, sealer } = createSecrets({
    ...{ keys: secretKeys, db, cloneLogin, clock, logger },
  })
  const downlink = new Downlink(redis, redisNames)
  const losses = new QueueLosses({ redis, key: redisNames.queueMark })
  const system = systemOf(base)
  const enqueuer = new Enqueuer({ db, queues, system, seal: sealer, losses, logger })
  const dispatcher = new Dispatcher({
    ...{ downlink, enqueuer, queues, watcher: news, logger },
    onLeft: () => losses.note(),
    observe: (seen) => {
      metrics.observe(seen)
      logObservation(logger, seen)
    },
  })
  closers.add('dispatcher', dispatcher, (it) => it.settled())
  return { secrets: service, downlink, losses, enqueuer, dispatcher }
}
