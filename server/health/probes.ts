import { statfs } from 'node:fs/promises'
import type { Redis } from 'ioredis'
import { sql } from 'kysely'
import type { Clock } from '../clock.js'
import { silentSince } from '../runners/runner-service.js'
import type { Db } from '../store/database.js'
import type { UplinkHealth } from '../uplink/health.js'
import type { Probe } from './health.js'

export interface ProbeParts {
  readonly db: Db
  readonly redis: Redis
  readonly uplink: UplinkHealth
  readonly clock: Clock
  readonly dataDir: string
}

/** Waiting for less than this is ordinary, in milliseconds. */
const PATIENCE_MS = 60_000
/** Below this share of the disk a server should be looked after. */
const FREE_SHARE_MIN = 0.05

/** All that the server looks at. */
export function healthProbes(parts: ProbeParts): readonly Probe[] {
  const { db, redis, uplink } = parts
  const probe = (name: string, required: boolean, look: Probe['look']) => ({ name, required, look })
  return [
    probe('database', true, async () => {
      await sql`select 1`.execute(db)
      return ''
    }),
    probe('redis', true, async () => {
      await redis.ping()
      return ''
    }),
    probe('uplink', true, () => {
      const trouble = uplink.trouble()
      return Promise.resolve(trouble && `reader of runners' reports: ${trouble}`)
    }),
    probe('ingest', false, () => lookAtIngest(parts)),
    probe('runners', false, () => lookAtRunners(parts)),
    probe('disk', false, () => lookAtDisk(parts)),
  ]
}

async function lookAtIngest({ db, clock }: ProbeParts): Promise<string> {
  const query = db
    .selectFrom('builds')
    .where('status', '=', 'pending')
    .where('plan_json', 'is', null)
  const waiting = query.where('created', '<', clock.now() - PATIENCE_MS)
  const row = await waiting.select((eb) => eb.fn.countAll<number>().as('count')).executeTakeFirst()
  const count = row?.count ?? 0
  if (count === 0) return ''
  return `${count} builds have waited for over a minute for their pipeline files to be read: is their repo's host there?`
}

async function lookAtRunners({ db, clock }: ProbeParts): Promise<string> {
  const now = clock.now()
  const waiting = await db
    .selectFrom('stages')
    .select('queue')
    .distinct()
    .where('status', '=', 'pending')
    .where('queued', '<', now - PATIENCE_MS)
    .where((eb) =>
      eb.not(
        eb.exists(
          eb
            .selectFrom('runners')
            .select('session')
            .whereRef('runners.queue', '=', 'stages.queue')
            .where('last_seen', '>=', silentSince(now)),
        ),
      ),
    )
    .limit(SHOWN_MAX)
    .execute()
  if (waiting.length === 0) return ''
  return `stages have waited for over a minute, and no runner is there for ${waiting.map(({ queue }) => queue).join(', ')}`
}

const SHOWN_MAX = 5

async function lookAtDisk({ dataDir }: ProbeParts): Promise<string> {
  const { bavail, blocks, bsize } = await statfs(dataDir)
  if (bavail >= blocks * FREE_SHARE_MIN) return ''
  const mebibytes = Math.floor((bavail * bsize) / 1024 ** 2)
  return `${mebibytes} MiB are free where ${dataDir} is: make room, or have less kept (SANDPIPER_KEEP_DAYS)`
}
