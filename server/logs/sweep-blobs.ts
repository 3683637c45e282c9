import type { BlobStore } from '../blobs/blob-store.js'
import type { Db } from '../store/database.js'
import { findStepLog } from '../store/step-logs.js'
import { refOfBlobKey } from './archiver.js'

/** A blob this young may be one whose row is not written yet, in milliseconds. */
const GRACE_MS = 60 * 60_000

/** Where the next sweep goes on; null: at the beginning. */
export type SweepPlace = string | null

/**
 * Removes blobs of logs that no row of the database names: what a crash left, or a repo that was removed. One page
 * of the list at a time.
 */
export async function sweepBlobs(
  db: Db,
  blobs: BlobStore,
  now: number,
  place: SweepPlace,
): Promise<{ readonly removed: number; readonly next: SweepPlace }> {
  const page = await blobs.list('logs/', place)
  let removed = 0
  for (const { key, modified } of page.blobs) {
    if (modified > now - GRACE_MS || (await isNamed(db, key))) continue
    await blobs.remove(key)
    removed += 1
  }
  return { removed, next: page.next }
}

async function isNamed(db: Db, key: string): Promise<boolean> {
  const ref = refOfBlobKey(key)
  // What has another name was put there by somebody else.
  if (ref === null) return true
  const row = await findStepLog(db, ref)
  return row !== null && row.removed === 0 && row.blob_key === key
}
