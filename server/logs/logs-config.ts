import type { S3Settings } from '../blobs/s3-settings.js'
import type { KeepLimits } from './retention.js'

/** How logs are kept. */
export interface LogsConfig {
  /** The bucket of complete logs; null: they are below the data directory. */
  readonly s3: S3Settings | null
  /** What repos keep that say nothing themselves. */
  readonly keep: KeepLimits
  /** How long a complete log stays where it grew, in milliseconds. */
  readonly archiveAfterMs: number
}

/** All is kept, packed on the local disk some minutes after it is complete. */
export const LOGS_DEFAULTS: LogsConfig = {
  s3: null,
  keep: { days: 0, builds: 0, logBytes: 0 },
  archiveAfterMs: 10 * 60_000,
}
