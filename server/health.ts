import type { Redis } from 'ioredis'
import { sql } from 'kysely'
import { messageOf } from '../protocol/errors.js'
import type { HealthCheck } from './services.js'
import type { Db } from './store/database.js'
import type { UplinkHealth } from './uplink/health.js'

/** What the server needs to work, and how it is. Never throws. */
export async function checkHealth(parts: {
  readonly db: Db
  readonly redis: Redis
  readonly uplink: UplinkHealth
}): Promise<readonly HealthCheck[]> {
  const { db, redis, uplink } = parts
  const trouble = uplink.trouble()
  return [
    await check('database', () => sql`select 1`.execute(db)),
    await check('redis', () => redis.ping()),
    {
      name: 'uplink',
      ok: trouble === '',
      detail: trouble && `reader of runners' reports: ${trouble}`,
    },
  ]
}

async function check(name: string, probe: () => Promise<unknown>): Promise<HealthCheck> {
  try {
    await probe()
    return { name, ok: true, detail: '' }
  } catch (error) {
    return { name, ok: false, detail: messageOf(error) }
  }
}
