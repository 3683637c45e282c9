import { createHash, hkdfSync } from 'node:crypto'
import { decrypt, encrypt } from './cipher.js'
import { SandpiperError } from './errors.js'

/**
 * The secrets of one attempt at a stage, sealed with a key that servers and runners share. By step number, so that
 * nobody's secrets are opened for another step; number 0 has what images are pulled with.
 */
export interface SealedSecrets {
  /** Which key; tells a runner with another one what is wrong. */
  readonly key: string
  readonly steps: Readonly<Record<string, string>>
}

/** What one step is given. */
export interface StepSecrets {
  /** By the secrets' names. */
  readonly values: Readonly<Record<string, SecretValue>>
  /** Why it is not given those that it names besides, by name. */
  readonly missing: Readonly<Record<string, string>>
}

export interface SecretValue {
  readonly value: string
  /** Only for plugins of these images (`imageRefusal`); absent: for any step. */
  readonly images?: readonly string[]
}

/** What is there for the whole stage, and no step sees. */
export interface PullSecrets extends StepSecrets {
  readonly registries: readonly {
    readonly address: string
    readonly username: string
    readonly password: string
  }[]
}

/** Number under which the stage's own are sealed. */
export const PULLS = 0

/** What git gives to the host of a repo's clone URL. */
export interface GitLogin {
  readonly username: string
  readonly password: string
}

/** What the checkout alone is given. */
export interface CloneSecrets extends StepSecrets {
  readonly login: GitLogin
}

/** Number under which that is sealed: apart, so that a runner without the key still clones what is public. */
export const CLONE = -1

/** A job; the rest of what stands in it counts as well. */
interface SealedFor {
  readonly stageId: number
  readonly attempt: number
  readonly sealed?: unknown
}

/** Characters that a shared secret has at least; one in a file that Sandpiper makes has 64. */
export const RUNNER_SECRET_LENGTH_MIN = 16

/** The key that a shared secret means. */
export interface JobKey {
  readonly id: string
  readonly key: Buffer
}

/** @param secret text that servers and runners share, at least `RUNNER_SECRET_LENGTH_MIN` long */
export function jobKey(secret: string): JobKey {
  const derive = (info: string, length: number): Buffer =>
    Buffer.from(hkdfSync('sha256', secret, 'sandpiper job secrets', info, length))
  return { id: derive('id', 8).toString('hex'), key: derive('key', 32) }
}

/**
 * Seals what the steps of one attempt are given. They open in the very same job alone: who can write to Redis, but has not
 * the key, must not have other commands run with them.
 */
export function sealSecrets(
  key: JobKey,
  job: SealedFor,
  steps: ReadonlyMap<number, StepSecrets>,
): SealedSecrets {
  const digest = digestOf(job)
  const sealed = [...steps].map(([number, secrets]) => {
    const text = Buffer.from(JSON.stringify(secrets), 'utf8')
    const { stepKey, context } = forStep(key, job, digest, number)
    return [number, encrypt(stepKey, text, context).toString('base64')] as const
  })
  return { key: key.id, steps: Object.fromEntries(sealed) }
}

/**
 * What one step is given; null when that is nothing.
 * @throws SandpiperError SP_RUNNER_SECRET for a key that is missing or another one
 */
export function openSecrets(
  key: JobKey | null,
  job: SealedFor,
  sealed: SealedSecrets,
  number: number,
): StepSecrets | null {
  if (key === null) throw noKey('this runner has no key for them')
  if (key.id !== sealed.key) throw noKey('this runner has another key than the server')
  const text = sealed.steps[number]
  if (text === undefined) return null
  const { stepKey, context } = forStep(key, job, digestOf(job), number)
  try {
    const plain = decrypt(stepKey, Buffer.from(text, 'base64'), context)
    return JSON.parse(plain.toString('utf8')) as StepSecrets
  } catch {
    // Not even the cause: what was decrypted may be in it.
    throw noKey('they were damaged, or made for another job')
  }
}

/** Of all but the secrets. Read back from JSON a job has its fields in the same order. */
function digestOf({ sealed: _sealed, ...job }: SealedFor): string {
  return createHash('sha256').update(JSON.stringify(job)).digest('hex')
}

function forStep(
  { key }: JobKey,
  { stageId, attempt }: SealedFor,
  digest: string,
  number: number,
): { readonly stepKey: Buffer; readonly context: string } {
  const context = `stage ${stageId}, attempt ${attempt}, step ${number} of job ${digest}`
  return { stepKey: Buffer.from(hkdfSync('sha256', key, '', context, 32)), context }
}

function noKey(why: string): SandpiperError {
  return new SandpiperError(
    'SP_RUNNER_SECRET',
    `the secrets of this stage can't be opened: ${why}`,
    {
      hint: 'Give servers and runners the same SANDPIPER_RUNNER_SECRET_FILE; a server keeps its own in runner.key of its data directory.',
    },
  )
}
