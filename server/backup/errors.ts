import { SandpiperError } from '../../protocol/errors.js'

/** A file that is no backup, or not a whole one. */
export function backupInvalid(
  reason: string,
  hint = 'Take another backup. Nothing was restored.',
): SandpiperError {
  return new SandpiperError('SP_BACKUP_INVALID', `read the backup: ${reason}`, { hint })
}

/** A backup that can't be made. */
export function backupFailed(reason: string, hint: string): SandpiperError {
  return new SandpiperError('SP_BACKUP_FAILED', `make the backup: ${reason}`, { hint })
}

/** A restore that would overwrite something. */
export function restoreNotEmpty(what: string): SandpiperError {
  return new SandpiperError('SP_RESTORE_NOT_EMPTY', `restore the backup: ${what}`, {
    hint: 'Restore into a new data directory, and with Postgres into a new database.',
  })
}
