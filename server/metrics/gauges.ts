import { Gauge } from 'prom-client'
import type { Registry } from 'prom-client'
import type { Clock } from '../clock.js'
import { silentSince } from '../runners/runner-service.js'
import type { HealthCheck } from '../services.js'
import type { Db } from '../store/database.js'

export interface GaugeSources {
  readonly db: Db
  readonly clock: Clock
  readonly health: () => Promise<readonly HealthCheck[]>
}

/** Statuses of stages that have not ended. */
const OPEN = ['waiting_on_dependencies', 'blocked', 'pending', 'running'] as const

/**
 * Adds what is read from the database when somebody asks: the same from every server, so take the maximum of
 * them, not the sum. A database that is away leaves them out, and `sandpiper_up` says so.
 */
export function addGauges(registry: Registry, { db, clock, health }: GaugeSources): void {
  const gauge = (name: string, help: string, labelNames: string[], read: Read): void => {
    const options = { name: `sandpiper_${name}`, help, labelNames, registers: [registry] }
    new Gauge({ ...options, collect: collectWith(read) })
  }
  gauge('up', '1 where a part of the server works', ['part'], async () =>
    (await health()).map(({ name, ok }) => ({ labels: { part: name }, value: ok ? 1 : 0 })),
  )
  gauge('stages', 'Stages that have not ended', ['queue', 'status'], () => openStages(db))
  gauge(
    'queue_oldest_seconds',
    'How long the stage that waits longest for a runner has waited',
    ['queue'],
    () => oldestPending(db, clock.now()),
  )
  gauge('runner_capacity', 'Stages that the runners of a queue can run at once', ['queue'], () =>
    runnerSum(db, 'capacity', clock.now()),
  )
  gauge('runner_running', 'Stages that the runners of a queue run now', ['queue'], () =>
    runnerSum(db, 'running', clock.now()),
  )
  gauge('builds_to_ingest', 'Builds whose pipeline files have not been read yet', [], () =>
    toIngest(db),
  )
}

/** Whoever can push can ask for any labels, and each set of them is a queue. */
const QUEUES_MAX = 500

interface Sample {
  readonly labels: Readonly<Record<string, string>>
  readonly value: number
}

type Read = () => Promise<readonly Sample[]>

function collectWith(read: Read) {
  return async function collect(this: Gauge): Promise<void> {
    this.reset()
    const samples = await read().catch(() => [])
    for (const { labels, value } of samples) this.set(labels, value)
  }
}

async function openStages(db: Db): Promise<readonly Sample[]> {
  const query = db
    .selectFrom('stages')
    .where('status', 'in', OPEN)
    .groupBy(['queue', 'status'])
    .limit(QUEUES_MAX)
  const rows = await query
    .select((eb) => ['queue', 'status', eb.fn.countAll<number>().as('count')])
    .execute()
  return rows.map(({ queue, status, count }) => ({
    labels: { queue, status },
    value: count,
  }))
}

async function oldestPending(db: Db, now: number): Promise<readonly Sample[]> {
  const query = db
    .selectFrom('stages')
    .where('status', '=', 'pending')
    .groupBy('queue')
    .limit(QUEUES_MAX)
  const rows = await query.select((eb) => ['queue', eb.fn.min('queued').as('oldest')]).execute()
  return rows.map(({ queue, oldest }) => ({
    labels: { queue },
    value: Math.max(0, now - oldest) / 1000,
  }))
}

async function runnerSum(
  db: Db,
  column: 'capacity' | 'running',
  now: number,
): Promise<readonly Sample[]> {
  const query = db.selectFrom('runners').where('last_seen', '>=', silentSince(now)).groupBy('queue')
  const rows = await query
    .select((eb) => ['queue', eb.fn.sum<number | string>(column).as('sum')])
    .limit(QUEUES_MAX)
    .execute()
  // Postgres has no integer that is sure to hold a sum.
  return rows.map(({ queue, sum }) => ({ labels: { queue }, value: Number(sum) }))
}

async function toIngest(db: Db): Promise<readonly Sample[]> {
  const query = db
    .selectFrom('builds')
    .where('status', '=', 'pending')
    .where('plan_json', 'is', null)
  const row = await query.select((eb) => eb.fn.countAll<number>().as('count')).executeTakeFirst()
  return [{ labels: {}, value: row?.count ?? 0 }]
}
