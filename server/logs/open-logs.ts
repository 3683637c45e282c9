import { join } from 'node:path'
import type { Logger } from 'pino'
import type { BlobStore } from '../blobs/blob-store.js'
import { DiskBlobStore } from '../blobs/disk-blob-store.js'
import { S3BlobStore } from '../blobs/s3-blob-store.js'
import { makePrivateDirectory } from '../../protocol/data-dir.js'
import type { Clock } from '../clock.js'
import type { Closers } from '../closers.js'
import type { Db } from '../store/database.js'
import { ArchivedLogs } from './archived-logs.js'
import { LogArchiver } from './archiver.js'
import { FileLogStore } from './file-log-store.js'
import { LogKeeper } from './log-keeper.js'
import type { LogStore } from './log-store.js'
import type { LogsConfig } from './logs-config.js'
import { SegmentLogStore } from './segment-log-store.js'

export interface OpenLogsOptions {
  readonly db: Db
  readonly dataDir: string
  readonly config: LogsConfig
  /** Whether several servers share the database: logs grow in it then, where each of them can read them. */
  readonly isShared: boolean
  readonly clock: Clock
  readonly logger: Logger
  readonly closers: Closers
}

/** Opens the logs, and makes what keeps them in order in the background, not started yet. */
export async function openLogs(
  options: OpenLogsOptions,
): Promise<{ readonly store: LogStore; readonly keeper: LogKeeper }> {
  const { db, dataDir, config, isShared, clock, logger } = options
  const live = await openLive(options)
  const blobs = blobsOf(config, join(dataDir, 'blobs'), isShared)
  if (blobs === null) {
    const keeper = new LogKeeper({
      db,
      logs: live,
      archive: null,
      keep: config.keep,
      clock,
      logger,
    })
    return { store: live, keeper }
  }
  const store = new ArchivedLogs({ db, live, blobs })
  const archiver = new LogArchiver({
    ...{ db, live, blobs, clock, logger },
    afterMs: config.archiveAfterMs,
    directory: join(dataDir, 'packing'),
  })
  const archive = { archiver, blobs }
  const keeper = new LogKeeper({ db, logs: store, archive, keep: config.keep, clock, logger })
  return { store, keeper }
}

async function openLive({ db, dataDir, isShared, closers }: OpenLogsOptions): Promise<LogStore> {
  if (isShared) return new SegmentLogStore(db)
  const directory = join(dataDir, 'logs')
  await makePrivateDirectory(directory)
  return closers.add('logs', new FileLogStore(directory), (it) => it.close())
}

/** No server can read another one's disk: without a bucket, shared logs stay in the database. */
function blobsOf({ s3 }: LogsConfig, directory: string, isShared: boolean): BlobStore | null {
  if (s3 !== null) return new S3BlobStore(s3)
  return isShared ? null : new DiskBlobStore(directory)
}
