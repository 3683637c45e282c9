import { SandpiperError, messageOf } from '../protocol/errors.js'

/** A repo of that name is there already. */
export function repoExists(slug: string): SandpiperError {
  return new SandpiperError('SP_REPO_EXISTS', `add repo ${slug}: it exists already`, {
    hint: 'Look at it with `sandpiper repo show`, or remove it first with `sandpiper repo rm`.',
  })
}

/** A repo's name or address can't be taken. */
export function repoInvalid(what: string, value: string, hint: string): SandpiperError {
  const shown = JSON.stringify(value.slice(0, 200))
  return new SandpiperError('SP_REPO_INVALID', `add repo: ${what} ${shown} can't be used`, { hint })
}

/** Another server works with the data directory. */
export function dataDirInUse(dataDir: string, pid: string): SandpiperError {
  return new SandpiperError(
    'SP_SERVER_DATA_IN_USE',
    `use data directory ${dataDir}: the server with process id ${pid} is using it`,
    { hint: 'Stop that server first, or give this one its own directory with --data.' },
  )
}

/** The `redis-server` program can't be started. */
export function redisMissing(cause: unknown): SandpiperError {
  return new SandpiperError('SP_REDIS_MISSING', `start redis-server: ${messageOf(cause)}`, {
    hint: 'Install it with `apt install redis-server`, or point SANDPIPER_REDIS_URL at a Redis.',
    cause,
  })
}

/** The private Redis did not get ready. */
export function redisFailed(message: string, cause?: unknown): SandpiperError {
  return new SandpiperError('SP_REDIS_FAILED', `start the private redis-server: ${message}`, {
    hint: 'The log has what it printed. Its data is in `redis` in the data directory.',
    ...(cause === undefined ? {} : { cause }),
  })
}

/** The key file does not hold a key. */
export function serverKeyInvalid(
  path: string,
  what = 'is not 32 bytes base64 on each line',
): SandpiperError {
  return new SandpiperError('SP_SECRET_KEY_INVALID', `read the keys in ${path}: it ${what}`, {
    hint: 'Restore it from a backup. Without it the secrets in the database are lost.',
  })
}

/** A sealed secret can't be opened. */
export function secretUnreadable(context: string, cause?: unknown): SandpiperError {
  return new SandpiperError(
    'SP_SECRET_UNREADABLE',
    `decrypt the ${context}: wrong key or damaged`,
    {
      hint: 'The key file (`server.key`) must have the key that the secret was stored with.',
      ...(cause === undefined ? {} : { cause }),
    },
  )
}

/** The database does not answer; what was asked of it may go through later. */
export function storeUnavailable(reason: string, cause?: unknown): SandpiperError {
  return new SandpiperError('SP_STORE_UNAVAILABLE', `use the database: ${reason}`, {
    hint: 'Look whether it runs, and whether SANDPIPER_DATABASE_URL is right. The server goes on when it is back.',
    ...(cause === undefined ? {} : { cause }),
  })
}
