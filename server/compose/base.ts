import { randomBytes } from 'node:crypto'
import { join } from 'node:path'
import type { Logger } from 'pino'
import { makeDataDirectory } from '../../protocol/data-dir.js'
import { redisKeys, type RedisKeys } from '../../protocol/keys.js'
import type { Clock } from '../clock.js'
import { systemClock } from '../clock.js'
import type { Closers } from '../closers.js'
import type { ResolvedConfig, ServerConfig } from '../config.js'
import { resolveConfig } from '../config.js'
import { Metrics } from '../metrics/metrics.js'
import { readOrCreatePrivateFile } from '../secrets/create-once.js'
import { checkKeys } from '../secrets/key-check.js'
import { openKeys, type Keys } from '../secrets/open-secrets.js'
import { lockDataDir } from '../store/data-lock.js'
import type { SenderTiming } from '../statuses/sender.js'
import { openDatabase, type Db } from '../store/database.js'

/** What tests, and a process with a log of its own, bring along. */
export interface ServerParts {
  readonly logger?: Logger
  readonly clock?: Clock
  /** Version of Sandpiper, shown in answers and step variables. */
  readonly version?: string
  /** More variables for git (`MirrorsOptions.environment`). */
  readonly gitEnvironment?: Readonly<Record<string, string>>
  /** How statuses are sent. */
  readonly statusTiming?: Partial<SenderTiming>
}

/** What every other part of a server stands on. */
export interface Base {
  readonly config: ResolvedConfig
  readonly clock: Clock
  readonly logger: Logger
  readonly version: string
  /** What is added here is ended with the server, the last one first. */
  readonly closers: Closers
  readonly db: Db
  readonly secretKeys: Keys
  readonly redisNames: RedisKeys
  readonly metrics: Metrics
  readonly address: PublicAddress
  readonly parts: Pick<ServerParts, 'gitEnvironment' | 'statusTiming'>
}

/** Address that people and forges reach the server by; with port 0 it is known only once it listens. */
export interface PublicAddress {
  url: string
  /** Whether somebody has said it; forges can't be told one that was only guessed. */
  readonly isGiven: boolean
}

/** Takes the data directory, and opens the database and the keys in it. */
export async function openBase(
  given: ServerConfig,
  parts: ServerParts & { readonly logger: Logger },
  closers: Closers,
): Promise<Base> {
  const { dataDir } = given
  await makeDataDirectory(dataDir)
  closers.add('lock', await lockDataDir(dataDir), (lock) => lock.release())
  const config = resolveConfig(given, given.adminToken ?? (await adminTokenIn(dataDir)))
  const db = closers.add('database', await openDatabase(config.database), (it) => it.destroy())
  const secretKeys = await openKeys(config)
  await checkKeys(db, secretKeys.box)
  return {
    ...{ config, closers, db, secretKeys, parts },
    ...{
      logger: parts.logger,
      clock: parts.clock ?? systemClock,
      version: parts.version ?? '0.0.0',
    },
    redisNames: redisKeys(config.redisPrefix),
    metrics: new Metrics(),
    address: { url: config.publicUrl, isGiven: given.publicUrl !== undefined },
  }
}

async function adminTokenIn(dataDir: string): Promise<string> {
  const content = () => `${randomBytes(32).toString('hex')}\n`
  return (await readOrCreatePrivateFile(join(dataDir, 'admin-token'), content)).trim()
}
