import type { StagePlan } from '../../pipelines/plan.js'
import { messageOf } from '../../protocol/errors.js'
import {
  CLONE,
  sealSecrets,
  type CloneSecrets,
  type JobKey,
  type PullSecrets,
  type SealedSecrets,
  type StepSecrets,
} from '../../protocol/job-secrets.js'
import type { StageJob } from '../../protocol/job.js'
import type { Logger } from 'pino'
import { recordAudit } from '../audit/record.js'
import type { Clock } from '../clock.js'
import type { CloneLoginOf } from '../forges/clone-login.js'
import { eventOf, type StageJobSource } from '../scheduling/stage-job.js'
import type { Db } from '../store/database.js'
import { inTransaction } from '../store/transaction.js'
import type { SecretBox } from './box.js'
import { isForkBuild } from './fork-build.js'
import { REGISTRIES_MAX } from './limits.js'
import { registryContext } from './registry-store.js'
import { secretContext } from './secret-store.js'
import { namedSecrets, secretsForSteps, type NamedSecret } from './stage-secrets.js'

export interface JobSealerOptions {
  readonly db: Db
  readonly box: SecretBox
  readonly key: JobKey
  readonly cloneLogin: CloneLoginOf
  readonly clock: Clock
  readonly logger: Logger
}

/** Seals the secrets of a stage's attempt for whichever runner takes its job; undefined when it needs none. */
export type JobSealer = (
  source: StageJobSource,
  job: StageJob,
) => Promise<SealedSecrets | undefined>

/** Makes the sealer. What it gives out is written down in the audit log, once for each attempt. */
export function createJobSealer(options: JobSealerOptions): JobSealer {
  return (source, job) => sealFor(options, source, job)
}

async function sealFor(
  options: JobSealerOptions,
  source: StageJobSource,
  job: StageJob,
): Promise<SealedSecrets | undefined> {
  const { db, key } = options
  const { repo, build, stage, steps } = source
  const plan = JSON.parse(stage.plan_json) as StagePlan
  const names = namedSecrets(plan)
  const hasImages = plan.steps.some((step) => step.kind !== 'clone' && step.image !== undefined)
  const login = plan.clone.disabled ? null : await options.cloneLogin(repo)
  if (names.length === 0 && !hasImages && login === null) return undefined
  const fork = await isForkBuild(db, build)
  const secrets = fork ? new Map<string, NamedSecret>() : await readSecrets(options, repo, names)
  const registries = hasImages ? await readRegistries(options, repo, fork) : []
  const event = eventOf(build)
  const given = secretsForSteps({ stage: plan, steps, event, fork, secrets, registries })
  if (given.size === 0 && login === null) return undefined
  await writeDown(options, source, given)
  // Forks are cloned like all others; no step gets to see what with.
  const clone: CloneSecrets | null = login && { values: {}, missing: {}, login }
  return sealSecrets(key, job, clone === null ? given : new Map([...given, [CLONE, clone]]))
}

type RepoKey = StageJobSource['repo']

/** The repo's own first: of a name that its owner has too, the repo's counts. */
async function readSecrets(
  { db, box, logger }: JobSealerOptions,
  { id, owner }: RepoKey,
  names: readonly string[],
): Promise<Map<string, NamedSecret>> {
  const found = new Map<string, NamedSecret>()
  if (names.length === 0) return found
  const rows = await db
    .selectFrom('secrets')
    .selectAll()
    .where('name', 'in', names)
    .where((eb) =>
      eb.or([
        eb('repo_id', '=', id),
        eb.and([eb('repo_id', 'is', null), eb('namespace', '=', owner.toLowerCase())]),
      ]),
    )
    .execute()
  for (const { data, ...row } of rows) {
    if (row.repo_id === null && found.has(row.name)) continue
    const open = (): string => {
      try {
        return box.open(data, secretContext(row))
      } catch (error) {
        logger.error({ repoId: id, secret: row.name, reason: messageOf(error) }, 'unreadable')
        throw error
      }
    }
    found.set(row.name, { row, open })
  }
  return found
}

async function readRegistries(
  { db, box, logger }: JobSealerOptions,
  { id, owner }: RepoKey,
  fork: boolean,
): Promise<PullSecrets['registries']> {
  let query = db
    .selectFrom('registries')
    .selectAll()
    .where((eb) =>
      eb.or([
        eb('repo_id', '=', id),
        eb.and([eb('repo_id', 'is', null), eb('namespace', '=', owner.toLowerCase())]),
      ]),
    )
  if (fork) query = query.where('forks', '=', 1)
  const rows = await query.limit(2 * REGISTRIES_MAX).execute()
  const logins = new Map<string, PullSecrets['registries'][number]>()
  for (const { password, ...row } of rows) {
    const { address, username } = row
    if (row.repo_id === null && logins.has(address)) continue
    try {
      const opened = box.open(password, registryContext(row))
      logins.set(address, { address, username, password: opened })
    } catch (error) {
      logger.error({ registry: address, reason: messageOf(error) }, 'a password is unreadable')
    }
  }
  return [...logins.values()]
}

async function writeDown(
  { db, clock }: JobSealerOptions,
  { repo, build, stage }: StageJobSource,
  given: ReadonlyMap<number, StepSecrets>,
): Promise<void> {
  const uses = usesOf(given)
  if (uses.length === 0) return
  const attempt = { build: build.number, stage: stage.number, attempt: stage.attempt }
  await inTransaction(db, async (tx) => {
    for (const { action, name, steps } of uses) {
      await recordAudit(tx, {
        ...{ actor: null, action, at: clock.now(), repoId: repo.id },
        subject: `${repo.owner}/${repo.name} ${name}`,
        detail: { ...attempt, steps },
        once: `${action} ${stage.id} ${stage.attempt} ${name}`,
      })
    }
  })
}

interface Use {
  readonly action: 'secret.use' | 'registry.use'
  readonly name: string
  readonly steps: number[]
}

function usesOf(given: ReadonlyMap<number, StepSecrets>): readonly Use[] {
  const uses = new Map<string, Use>()
  for (const [number, secrets] of given) {
    for (const name of Object.keys(secrets.values)) {
      const use = uses.get(name) ?? { action: 'secret.use', name, steps: [] }
      use.steps.push(number)
      uses.set(name, use)
    }
  }
  const { registries = [] } = (given.get(0) ?? {}) as Partial<PullSecrets>
  const logins = registries.map(({ address }): Use => {
    return { action: 'registry.use', name: address, steps: [] }
  })
  return [...uses.values(), ...logins]
}
