import { CronScheduler } from '../crons/cron-scheduler.js'
import { ingest } from '../ingest/ingest.js'
import { startIngestWorker } from '../ingest/ingest-queue.js'
import { SourceCache } from '../ingest/source-cache.js'
import { waitUntilReady } from '../redis/connections.js'
import { RunnerPresence } from '../runners/presence.js'
import { Backlog } from '../scheduling/backlog.js'
import { Reconciler } from '../scheduling/reconciler.js'
import type { ServerServices } from '../services.js'
import { StatusSender } from '../statuses/sender.js'
import { applyBatch } from '../uplink/apply-batch.js'
import { Collector } from '../uplink/collector.js'
import { UplinkShares } from '../uplink/shares.js'
import { uplinkTimes } from '../uplink/times.js'
import { systemOf } from './scheduling.js'
import { makingOf, type Parts } from './services.js'

/** How long the start waits for Redis; a server without it takes webhooks all the same. */
const REDIS_WAIT_MS = 5_000

/** Starts what works on its own, in the order that each needs the others. */
export async function startBackground(parts: Parts, services: ServerServices): Promise<void> {
  const { closers, logger } = parts.base
  await waitUntilReady(parts.transport.redis, REDIS_WAIT_MS)
  closers.add('log keeper', parts.sources.keeper, (it) => it.stop()).start()
  closers.add('reconciler', createReconciler(parts, services), (it) => it.stop()).start()
  parts.transport.news.start()
  const shares = createShares(parts)
  await closers.add('uplink shares', shares, (it) => it.stop()).start()
  const crons = new CronScheduler({ ...makingOf(parts), logger })
  closers.add('crons', crons, (it) => it.stop()).start()
  closers.add('collector', createCollector(parts, shares), (it) => it.stop()).start()
  closers.add('ingest worker', startIngest(parts, services), (it) => it.close())
}

/** Starts telling the forges; only when the server listens is it known what address to tell them. */
export function startStatuses({ base, sources, people }: Parts): void {
  const { db, clock, logger, secretKeys, config, address, closers } = base
  const sender = new StatusSender({
    ...{ db, forges: sources.forges, secrets: secretKeys.box, clock, logger },
    tokenOf: people.tokenOf,
    publicUrl: () => address.url,
    prefix: config.statusContext,
    timing: base.parts.statusTiming ?? {},
  })
  closers.add('statuses', sender, (it) => it.stop()).start()
}

function createReconciler(parts: Parts, { traffic }: ServerServices): Reconciler {
  const { base, transport, scheduling, uplink } = parts
  const { db, clock, logger, config } = base
  const { queues, ingestQueue } = transport
  const { enqueuer, losses, dispatcher } = scheduling
  const pause = () => traffic.quiet()
  const backlog = new Backlog({ db, enqueuer, pause })
  return new Reconciler({
    ...{ db, clock, backlog, losses, dispatcher, uplink, leaseMs: config.leaseMs, pause, logger },
    ingest: ingestQueue,
    isRedisReachable: () => queues.isReachable,
    intervalMs: config.reconcileIntervalMs,
  })
}

function createShares({ base, transport: { redis }, uplink: health }: Parts): UplinkShares {
  const { redisNames: keys, logger, config } = base
  const { blockMs: intervalMs, gapMsMax } = uplinkTimes(config.leaseMs)
  return new UplinkShares({ redis, keys, health, intervalMs, gapMsMax, logger })
}

/** What reads the runners' reports. */
function createCollector(parts: Parts, shares: UplinkShares): Collector {
  const { db, clock, logger, config, redisNames: keys } = parts.base
  const { redis, reader } = parts.transport
  const { downlink, dispatcher } = parts.scheduling
  const { leaseMs } = config
  const presence = new RunnerPresence({ db, clock, logger })
  const batch = { db, logs: parts.sources.logs, downlink, dispatcher, clock, leaseMs, logger }
  return new Collector({
    ...{ reader, redis, keys, shares, health: parts.uplink, logger },
    blockMs: uplinkTimes(leaseMs).blockMs,
    applyBatch: async (entries) => {
      await applyBatch(batch, entries)
      await presence.note(entries)
    },
  })
}

/** What fetches the commit of a build, and compiles its pipeline file. */
function startIngest(parts: Parts, { traffic }: ServerServices) {
  const { db, clock, logger, config, redisNames } = parts.base
  const { dispatcher } = parts.scheduling
  const { pipelineFile: file, defaultPlatform: platform } = config
  const ingestion = {
    ...{ db, clock, dispatcher, file, platform, logger },
    mirrors: parts.sources.mirrors,
    cloneLogin: parts.people.cloneLogin,
    sources: new SourceCache(),
    system: systemOf(parts.base),
  }
  return startIngestWorker({
    ...{ redis: parts.transport.workerRedis, bullPrefix: redisNames.bullPrefix, logger },
    ingest: async (attempt) => {
      await traffic.quiet()
      await ingest(ingestion, attempt)
    },
  })
}
