import { checkBranchName } from '../builds/repo-rules.js'
import { wakeIngest } from '../builds/wake-ingest.js'
import type { IngestWaker } from '../builds/wake-ingest.js'
import type { Clock } from '../clock.js'
import type { Build, Repo } from '../services.js'
import {
  countCrons,
  cronsOfRepo,
  deleteCron,
  findCron,
  insertCron,
  updateCron,
} from '../store/crons.js'
import type { Db } from '../store/database.js'
import { inTransaction } from '../store/transaction.js'
import { createCronBuild } from './cron-build.js'
import { cronExists, cronInvalid } from './errors.js'
import { checkSchedule, nextTick } from './expression.js'
import type { Cron, CronChange, CronService, NewCron } from './types.js'

const CRONS_MAX = 100
const NAME = /^[A-Za-z0-9_.][A-Za-z0-9_.-]{0,99}$/
const TARGET_MAX = 200

export interface CronOptions extends IngestWaker {
  readonly db: Db
  readonly clock: Clock
}

/** Crons in the database. */
export function createCronService(options: CronOptions): CronService {
  const { db } = options
  return {
    list: (repo) => cronsOfRepo(db, repo.id),
    find: (repo, name) => findCron(db, repo.id, name),
    add: (repo, cron) => addCron(options, repo, cron),
    update: (repo, name, change) => changeCron(options, repo, name, change),
    remove: async (repo, name) => {
      const cron = await findCron(db, repo.id, name)
      return cron !== null && (await deleteCron(db, cron.id))
    },
    run: (repo, name, by) => runCron(options, repo, name, by),
  }
}

async function addCron({ db, clock }: CronOptions, repo: Repo, given: NewCron): Promise<Cron> {
  const { name, expr, timezone = '', branch = repo.default_branch, target = '' } = given
  if (!NAME.test(name) || name === '.' || name === '..') {
    throw cronInvalid(
      'The name',
      name,
      'Use 1 to 100 letters, digits, dots, dashes and underscores.',
    )
  }
  checkParts({ expr, timezone, branch, target })
  const now = clock.now()
  const row = await inTransaction(db, async (tx) => {
    if ((await countCrons(tx, repo.id)) >= CRONS_MAX) {
      throw cronInvalid('The name', name, `A repo has at most ${CRONS_MAX} crons: remove one.`)
    }
    return insertCron(tx, {
      ...{ repo_id: repo.id, name, expr, timezone, branch, target },
      disabled: given.disabled === true ? 1 : 0,
      next: nextTick({ expr, timezone }, now),
      prev: 0,
      ...{ created: now, updated: now },
    })
  })
  if (!row) throw cronExists(name)
  return row
}

async function changeCron(
  { db, clock }: CronOptions,
  repo: Repo,
  name: string,
  change: CronChange,
): Promise<Cron | null> {
  const now = clock.now()
  return inTransaction(db, async (tx) => {
    const cron = await findCron(tx, repo.id, name)
    if (!cron) return null
    const { disabled, ...given } = change
    const { expr, timezone, branch, target } = { ...cron, ...given }
    const parts = { expr, timezone, branch, target }
    checkParts(parts)
    // What was due while it was off, or under another time table, is not made up for.
    return updateCron(tx, cron.id, {
      ...parts,
      ...(disabled === undefined ? {} : { disabled: disabled ? 1 : 0 }),
      next: nextTick(parts, now),
      updated: now,
    })
  })
}

function checkParts(parts: {
  readonly expr: string
  readonly timezone: string
  readonly branch: string
  readonly target: string
}): void {
  checkSchedule(parts)
  checkBranchName(parts.branch)
  if (parts.target.length > TARGET_MAX) {
    throw cronInvalid('The target', parts.target, `Use at most ${TARGET_MAX} characters.`)
  }
}

async function runCron(
  options: CronOptions,
  repo: Repo,
  name: string,
  by: string,
): Promise<Build | null> {
  const { db, clock } = options
  const now = clock.now()
  const build = await inTransaction(db, async (tx) => {
    const cron = await findCron(tx, repo.id, name)
    return cron && createCronBuild(tx, cron, by, now)
  })
  if (build) wakeIngest(options, build.id)
  return build
}
