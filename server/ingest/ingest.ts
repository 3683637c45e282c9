import type { Logger } from 'pino'
import { SandpiperError, messageOf } from '../../protocol/errors.js'
import type { Clock } from '../clock.js'
import { hasCode } from '../error-code.js'
import type { Dispatcher } from '../scheduling/dispatcher.js'
import { transact } from '../scheduling/transact.js'
import { findBuildById } from '../store/builds.js'
import { findRepoById } from '../store/repos.js'
import type { IngestResult, IngestSource } from './ingest-build.js'
import { ingestBuild } from './ingest-build.js'
import type { IngestTry } from './ingest-queue.js'
import { noteOptionalEvents } from './optional-events.js'
import { storePlan } from './store-plan.js'

export interface IngestOptions extends IngestSource {
  readonly clock: Clock
  readonly dispatcher: Dispatcher
  readonly logger: Logger
}

/** What another try will not mend. */
const PERMANENT_CODES = [
  'SP_GIT_NO_COMMIT',
  'SP_GIT_REFUSED',
  'SP_GIT_FILE_TOO_LARGE',
  'SP_GIT_NOT_A_FILE',
]

/**
 * Compiles a build and stores what came of it. A failure that may pass is thrown while tries are
 * left; any other becomes the build's error. Nothing when the build has a plan, or has ended.
 */
export async function ingest(options: IngestOptions, attempt: IngestTry): Promise<void> {
  const { db, clock, dispatcher, logger } = options
  const build = await findBuildById(db, attempt.buildId)
  if (build?.status !== 'pending' || build.plan_json !== null) return
  const repo = await findRepoById(db, build.repo_id)
  if (!repo) return
  const result = await ingestBuild(options, repo, build).catch((error: unknown): IngestResult => {
    const isPermanent = PERMANENT_CODES.some((code) => hasCode(error, code))
    logger.warn({ buildId: build.id, err: error, isLast: attempt.isLast }, 'ingest failed')
    if (!isPermanent && !attempt.isLast) throw error
    return { plan: null, error: textOf(error) }
  })
  const now = clock.now()
  const effects = await transact(
    db,
    now,
    async (tx, effects) => {
      await storePlan(tx, build.id, result, now, effects)
      if (result.plan) await noteOptionalEvents(tx, repo, result.event, result.optionalEvents)
    },
    [repo.id],
  )
  dispatcher.dispatch(effects)
}

function textOf(error: unknown): string {
  const hint = error instanceof SandpiperError ? error.hint : ''
  return hint === '' ? messageOf(error) : `${messageOf(error)}\nhint: ${hint}`
}
