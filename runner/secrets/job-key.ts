import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { RUNNER_KEY_FILE } from '../../protocol/data-dir.js'
import { jobKey, type JobKey } from '../../protocol/job-secrets.js'

/**
 * The key that this runner opens the secrets of its jobs with: by the secret it was given, else by the file that a
 * server on the same data directory has made. Null when there is neither; jobs without secrets run all the same.
 */
export async function findJobKey(
  dataDir: string,
  secret: string | undefined,
): Promise<JobKey | null> {
  if (secret !== undefined) return jobKey(secret.trim())
  try {
    return jobKey((await readFile(join(dataDir, RUNNER_KEY_FILE), 'utf8')).trim())
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null
    throw error
  }
}
