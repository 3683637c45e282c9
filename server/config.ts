import type { ForgeSettings } from './forges/types.js'
import { LOGS_DEFAULTS } from './logs/logs-config.js'
import type { LogsConfig } from './logs/logs-config.js'
import { join } from 'node:path'
import type { DatabaseAddress } from './store/address.js'
import type { PeopleSettings } from './people/settings.js'

/** How one server process is set up. The command line makes it; nothing here reads the environment. */
export interface ServerConfig {
  /** Directory of everything that must survive: database, logs, mirrors, keys, Redis file. */
  readonly dataDir: string
  readonly listen: { readonly host: string; readonly port: number }
  /** Address that people and hooks reach the server by; made from `listen` when absent. */
  readonly publicUrl?: string
  /** Default: the file `DATA/sandpiper.db`. */
  readonly database?: DatabaseAddress
  /** File with the keys of what is sealed in the database. Default: `DATA/server.key`. */
  readonly secretKeyFile?: string
  readonly redis: RedisConfig
  /** Prefix of every key in Redis; one prefix is one Sandpiper. Default `sandpiper`. */
  readonly redisPrefix?: string
  /** How long a stage stays with a runner that is silent. Default 30,000 ms. */
  readonly leaseMs?: number
  /** How often the database and the queues are compared. Default 2,000 ms. */
  readonly reconcileIntervalMs?: number
  /** Largest webhook body. Default 25 MiB, which is GitHub's own limit. */
  readonly bodyBytesMax?: number
  /** Token of the API. Made and written to `DATA/admin-token` on first start when absent. */
  readonly adminToken?: string
  /** Token that `/metrics` takes beside that one. Default none. */
  readonly metricsToken?: string
  /** Name of the pipeline file in a repo. Default `.pipeline.yml`. */
  readonly pipelineFile?: string
  /** Platform of pipelines that name none. Default linux/amd64, as in Drone. */
  readonly defaultPlatform?: { readonly os: string; readonly arch: string }
  /** Tries to reach a repo for one build, and the first pause between two. Default 4 and 1,000 ms. */
  readonly ingest?: { readonly attemptsMax: number; readonly backoffMs: number }
  /** Forges that it talks to, one of each kind at most. Default none. */
  readonly forges?: readonly ForgeSettings[]
  /** Administrators, and who may sign in. Default: no others than those made here; everybody. */
  readonly people?: PeopleSettings
  /** Addresses and networks of proxies in front, whose X-Forwarded-For is believed. Default none. */
  readonly trustedProxies?: readonly string[]
  /** What stands before the contexts of statuses. Default `continuous-integration/sandpiper`. */
  readonly statusContext?: string
  /** How logs are kept; all of it for ever, on the local disk, when absent. */
  readonly logs?: LogsConfig
  /** What the secrets of jobs are sealed with, shared with runners. Default: what is in `DATA/runner.key`. */
  readonly runnerSecret?: string
  /** pino's level. Default `info`. */
  readonly logLevel?: string
}

/** Either someone's Redis by URL, or a private child of ours whose data is in `DATA/redis`. */
export type RedisConfig =
  | { readonly url: string }
  | {
      readonly private: true
      /** Where the socket goes when a path in `dataDir` would be too long; default the temp dir. */
      readonly runtimeDir?: string
    }

/** `ServerConfig` with its defaults filled in and the token known. */
export type ResolvedConfig = Required<Omit<ServerConfig, 'metricsToken' | 'runnerSecret'>> &
  Pick<ServerConfig, 'metricsToken' | 'runnerSecret'>

/** Fills in the defaults. */
export function resolveConfig(config: ServerConfig, adminToken: string): ResolvedConfig {
  const { host, port } = config.listen
  return {
    database: { path: join(config.dataDir, 'sandpiper.db') },
    secretKeyFile: join(config.dataDir, 'server.key'),
    redisPrefix: 'sandpiper',
    leaseMs: 30_000,
    reconcileIntervalMs: 2_000,
    bodyBytesMax: 25 * 1024 * 1024,
    pipelineFile: '.pipeline.yml',
    defaultPlatform: { os: 'linux', arch: 'amd64' },
    ingest: { attemptsMax: 4, backoffMs: 1_000 },
    forges: [],
    people: { admins: [], allow: null },
    trustedProxies: [],
    statusContext: 'continuous-integration/sandpiper',
    logs: LOGS_DEFAULTS,
    logLevel: 'info',
    publicUrl: `http://${host.includes(':') ? `[${host}]` : host}:${port}`,
    ...config,
    adminToken,
  }
}
