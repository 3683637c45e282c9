import type { S3Settings } from '../../server/blobs/s3-settings.js'
import { LOGS_DEFAULTS } from '../../server/logs/logs-config.js'
import type { LogsConfig } from '../../server/logs/logs-config.js'
import type { Scope, Setting, SettingValues } from './settings.js'
import { bytes, duration, integer, oneOf, text, url } from './values.js'

const SERVER: readonly Scope[] = ['standalone', 'server']

/** Where complete logs are kept, and how much of them. */
export const LOG_SETTINGS = {
  s3Url: define({
    env: 'SANDPIPER_S3_URL',
    flag: 's3-url',
    type: url(['http', 'https']),
    defaultText: 'logs are kept on the local disk',
    description: 'S3 server that complete logs are kept on, without the bucket',
    scopes: SERVER,
  }),
  s3Bucket: define({
    env: 'SANDPIPER_S3_BUCKET',
    flag: 's3-bucket',
    type: text,
    defaultText: 'none',
    description: 'Bucket for them; required with `SANDPIPER_S3_URL`',
    scopes: SERVER,
  }),
  s3Region: define({
    env: 'SANDPIPER_S3_REGION',
    flag: 's3-region',
    type: text,
    default: 'us-east-1',
    description: 'Region of the bucket, as its requests are signed for',
    scopes: SERVER,
  }),
  s3KeyId: define({
    env: 'SANDPIPER_S3_KEY_ID',
    type: text,
    defaultText: 'none',
    description: 'Id of the access key; required with `SANDPIPER_S3_URL`',
    scopes: SERVER,
  }),
  s3Secret: define({
    env: 'SANDPIPER_S3_SECRET',
    type: text,
    defaultText: 'none',
    secret: true,
    description: 'Secret of the access key; required with `SANDPIPER_S3_URL`',
    scopes: SERVER,
  }),
  s3Prefix: define({
    env: 'SANDPIPER_S3_PREFIX',
    flag: 's3-prefix',
    type: text,
    defaultText: 'none',
    description: 'What the names of all objects begin with, such as `sandpiper/`',
    scopes: SERVER,
  }),
  s3PathStyle: define({
    env: 'SANDPIPER_S3_PATH_STYLE',
    flag: 's3-path-style',
    type: oneOf(['yes', 'no']),
    default: 'yes',
    description: 'Whether the bucket is part of the path; `no`: of the host name',
    scopes: SERVER,
  }),
  logArchiveAfter: define({
    env: 'SANDPIPER_LOG_ARCHIVE_AFTER',
    flag: 'log-archive-after',
    type: duration,
    default: '10m',
    description: 'How long after its end a log is packed and put where it stays',
    scopes: SERVER,
  }),
  keepDays: define({
    env: 'SANDPIPER_KEEP_DAYS',
    flag: 'keep-days',
    type: integer(0, 36_500),
    default: '0',
    description:
      'Builds older than so many days are removed, unless their repo says otherwise; 0: never',
    scopes: SERVER,
  }),
  keepBuilds: define({
    env: 'SANDPIPER_KEEP_BUILDS',
    flag: 'keep-builds',
    type: integer(0, 2_000_000_000),
    default: '0',
    description: 'How many builds of a repo are kept, unless it says otherwise; 0: all',
    scopes: SERVER,
  }),
  keepLogBytes: define({
    env: 'SANDPIPER_KEEP_LOG_BYTES',
    flag: 'keep-log-bytes',
    type: bytes,
    defaultText: 'all',
    description: 'How much of its logs a repo keeps, the newest, unless it says otherwise',
    scopes: SERVER,
  }),
} as const

/** How logs are kept, and what is wrong with the settings together. */
export function logsOf(settings: Partial<SettingValues>): {
  readonly logs: LogsConfig
  readonly problems: readonly string[]
} {
  const {
    keepDays = 0,
    keepBuilds = 0,
    keepLogBytes = 0,
    logArchiveAfter = LOGS_DEFAULTS.archiveAfterMs,
  } = settings
  const keep = { days: keepDays, builds: keepBuilds, logBytes: keepLogBytes }
  const { s3, problems } = s3Of(settings)
  return { logs: { s3, keep, archiveAfterMs: logArchiveAfter }, problems }
}

function s3Of(settings: Partial<SettingValues>): {
  readonly s3: S3Settings | null
  readonly problems: readonly string[]
} {
  const { s3Url, s3Bucket, s3KeyId, s3Secret, s3Region = '', s3Prefix = '' } = settings
  if (s3Url === undefined) {
    const isLonely = (s3Bucket ?? s3KeyId ?? s3Secret) !== undefined
    const problem = 'SANDPIPER_S3_URL is missing: the settings of the bucket do nothing without it'
    return { s3: null, problems: isLonely ? [problem] : [] }
  }
  const problems = [
    ...missing('SANDPIPER_S3_BUCKET', s3Bucket),
    ...missing('SANDPIPER_S3_KEY_ID', s3KeyId),
    ...missing('SANDPIPER_S3_SECRET', s3Secret),
    ...(/^(?:[A-Za-z0-9!_.*'()-]+\/)*$/.test(s3Prefix)
      ? []
      : ['SANDPIPER_S3_PREFIX must be names with a slash after each']),
  ]
  const access = { keyId: s3KeyId ?? '', secret: s3Secret ?? '' }
  const place = { url: s3Url, bucket: s3Bucket ?? '', region: s3Region, prefix: s3Prefix }
  return { s3: { ...place, ...access, pathStyle: settings.s3PathStyle !== 'no' }, problems }
}

function missing(name: string, value: string | undefined): readonly string[] {
  return value === undefined ? [`${name} is missing: SANDPIPER_S3_URL needs it`] : []
}

function define<T>(setting: Setting<T>): Setting<T> {
  return setting
}
