import { randomBytes } from 'node:crypto'
import { join } from 'node:path'
import type { Logger } from 'pino'
import { RUNNER_KEY_FILE } from '../../protocol/data-dir.js'
import { jobKey, type JobKey } from '../../protocol/job-secrets.js'
import type { Clock } from '../clock.js'
import type { CloneLoginOf } from '../forges/clone-login.js'
import type { Db } from '../store/database.js'
import { openSecretBox, type RewrappingBox } from './box.js'
import { readOrCreatePrivateFile } from './create-once.js'
import { createJobSealer, type JobSealer } from './job-sealer.js'
import { createRegistryStore } from './registry-store.js'
import { createKeyService } from './rotate.js'
import { createSecretStore } from './secret-store.js'
import type { SecretService } from './types.js'

/** The keys of a server. */
export interface Keys {
  readonly box: RewrappingBox
  readonly job: JobKey
}

/** Where they are. */
export interface KeyPlaces {
  readonly dataDir: string
  readonly secretKeyFile: string
  /** Shared with runners; default: what is in `DATA/runner.key`. */
  readonly runnerSecret?: string
}

/**
 * Reads the server's keys; files that are not there are made, with mode 0600.
 * @throws SandpiperError SP_SECRET_KEY_INVALID
 */
export async function openKeys({ dataDir, secretKeyFile, runnerSecret }: KeyPlaces): Promise<Keys> {
  const box = await openSecretBox(secretKeyFile)
  const secret =
    runnerSecret ??
    (await readOrCreatePrivateFile(
      join(dataDir, RUNNER_KEY_FILE),
      () => `${randomBytes(32).toString('hex')}\n`,
    ))
  return { box, job: jobKey(secret.trim()) }
}

/** Secrets over a database, and what seals them into jobs. */
export function createSecrets(options: {
  readonly keys: Keys
  readonly db: Db
  readonly cloneLogin: CloneLoginOf
  readonly clock: Clock
  readonly logger: Logger
}): { readonly service: SecretService; readonly sealer: JobSealer } {
  const { keys, ...rest } = options
  const all = { ...rest, box: keys.box }
  return {
    service: {
      secrets: createSecretStore(all),
      registries: createRegistryStore(all),
      keys: createKeyService(all),
    },
    sealer: createJobSealer({ ...all, key: keys.job }),
  }
}
