import { createAuditService } from '../audit/list.js'
import { createBadgeService } from '../badges/badge-service.js'
import { createBuildService } from '../builds/build-service.js'
import { createRepoService } from '../builds/repo-service.js'
import { createCronService } from '../crons/cron-service.js'
import { StoredDeliveryLog } from '../deliveries/delivery-log.js'
import { checkHealth } from '../health/health.js'
import { healthProbes } from '../health/probes.js'
import { HookTraffic } from '../hooks/traffic.js'
import { createLogService } from '../logs/log-service.js'
import { addGauges } from '../metrics/gauges.js'
import { createRepoHooks } from '../repo-hooks/repo-hooks.js'
import { createRunnerService } from '../runners/runner-service.js'
import type { ServerServices } from '../services.js'
import { createStatusService } from '../statuses/status-service.js'
import type { UplinkHealth } from '../uplink/health.js'
import type { Base } from './base.js'
import type { People } from './people.js'
import type { Scheduling } from './scheduling.js'
import type { Sources } from './sources.js'
import type { Transport } from './transport.js'

/** All that a server is made of before anything of it works on its own. */
export interface Parts {
  readonly base: Base
  readonly sources: Sources
  readonly people: People
  readonly transport: Transport
  readonly scheduling: Scheduling
  readonly uplink: UplinkHealth
}

/** What makes a build: a delivery, a person, a cron. */
export function makingOf({ base: { db, clock }, transport, scheduling: { dispatcher } }: Parts) {
  return { db, clock, dispatcher, ingest: (id: number) => transport.ingestQueue.add([id]) }
}

/** What the HTTP side works with. */
export function createServices(parts: Parts): ServerServices {
  const { db, clock, logger, config, metrics, address } = parts.base
  const { logs, mirrors, forges } = parts.sources
  const { queues, watcher, redis } = parts.transport
  const { dispatcher, secrets } = parts.scheduling
  const { uplink } = parts
  const { box } = parts.base.secretKeys
  const { people, tokenOf } = parts.people
  const making = makingOf(parts)
  const deliveries = new StoredDeliveryLog({ db, clock, dispatcher, logger })
  const probes = healthProbes({ db, redis, uplink, clock, dataDir: config.dataDir })
  const health = () => checkHealth(probes)
  addGauges(metrics.registry, { db, clock, health })
  const repos = createRepoService({
    ...{ db, clock, secrets: box, forges, logs, mirrors, dispatcher, logger },
  })
  return {
    repos,
    repoHooks: createRepoHooks({
      ...{ repos, db, forges, secrets: box, logger },
      tokenOf,
      publicUrl: () => (address.isGiven ? address.url : null),
    }),
    builds: createBuildService({ ...making, queues, deliveries }),
    deliveries,
    crons: createCronService(making),
    traffic: new HookTraffic(),
    forges,
    statuses: createStatusService(db, config.statusContext),
    logs: createLogService({ db, logs, watcher, clock }),
    audit: createAuditService(db),
    secrets,
    runners: createRunnerService(db, clock),
    metrics,
    badges: createBadgeService(db),
    people,
    health,
  }
}
