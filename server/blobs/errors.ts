import { SandpiperError, messageOf } from '../../protocol/errors.js'

/** There is no such blob. */
export function blobMissing(key: string): SandpiperError {
  return new SandpiperError('SP_BLOB_MISSING', `read blob ${key}: there is none`, {
    hint: 'It was removed, or the database and the archive are not of one time.',
  })
}

/** The archive can't be read or written. */
export function blobFailed(what: string, cause: unknown): SandpiperError {
  return new SandpiperError('SP_BLOB_FAILED', `${what}: ${messageOf(cause)}`, {
    hint: 'See whether the disk, or the S3 server of SANDPIPER_S3_URL, is there and lets us in.',
    cause,
  })
}
