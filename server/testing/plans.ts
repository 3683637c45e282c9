import type { Plan, StagePlan } from '../../pipelines/plan.js'
import { createBuild } from '../builds/create-build.js'
import { eventOf } from '../scheduling/stage-job.js'
import { storePlan } from '../ingest/store-plan.js'
import type { BuildEvent } from '../../pipelines/event.js'
import type { Effects } from '../scheduling/effects.js'
import { transact } from '../scheduling/transact.js'
import type { BuildRow } from '../store/builds.js'
import { findBuildById } from '../store/builds.js'
import type { Db } from '../store/database.js'
import { insertRepo } from '../store/repos.js'
import type { StageRow } from '../store/stages.js'
import { stagesOfBuild } from '../store/stages.js'
import { pushEvent } from './test-server.js'

/** A stage of one step, with what a test cares about replaced. */
export function stagePlan(facts: Partial<StagePlan> = {}): StagePlan {
  const name = facts.name ?? 'only'
  return {
    kind: 'pipeline',
    type: 'exec',
    platform: { os: 'linux', arch: 'amd64' },
    dependsOn: [],
    runOn: { success: true, failure: false },
    clone: { disabled: true },
    workspace: '/drone/src',
    steps: [
      {
        kind: 'commands',
        name: 'hello',
        dependsOn: [],
        commands: ['echo hello'],
        environment: {},
        runOn: { success: true, failure: false },
        failure: 'fail',
        detach: false,
      },
    ],
    ...facts,
    name,
  }
}

/** Adds a repo to a database and gives its id. */
export async function addRepoTo(db: Db, name = 'n'): Promise<number> {
  const repo = await insertRepo(db, {
    ...{ owner: 'o', name, clone_url: '/git', allow_file_transport: 1, default_branch: 'main' },
    ...{
      link: '',
      private: 0,
      hook_secret: 'sealed',
      active: 1,
      counter: 0,
      timeout_ms: 3_600_000,
    },
    ...{ created: 1, updated: 1 },
  })
  if (!repo) throw new Error('the repo exists')
  return repo.id
}

/** Adds a build that is not compiled yet. */
export async function addBuildTo(
  db: Db,
  repoId: number,
  facts: Partial<BuildEvent> = {},
  parent: BuildRow | null = null,
): Promise<BuildRow> {
  const event = pushEvent('ab'.repeat(20), facts)
  const build = await db
    .transaction()
    .execute((tx) => createBuild(tx, { repoId, event, parent, now: 1 }))
  if (!build) throw new Error('no such repo')
  return build
}

/** Stores a plan as ingest does, and gives what is to be done beside the database. */
export async function storeStages(
  db: Db,
  build: BuildRow,
  stages: readonly StagePlan[],
  now = 2,
): Promise<Effects> {
  const plan: Plan = { stages, skipped: [] }
  const result = { plan, event: eventOf(build), warnings: [], optionalEvents: '' }
  return transact(db, now, (tx, effects) => storePlan(tx, build.id, result, now, effects))
}

/** `status` of each stage, by name, and that of the build as `build`. */
export async function statusesOf(db: Db, build: BuildRow): Promise<Record<string, string>> {
  const stages = await stagesOfBuild(db, build.id)
  const row = await findBuildById(db, build.id)
  return {
    build: row?.status ?? '',
    ...Object.fromEntries(stages.map(({ name, status }) => [name, status])),
  }
}

/** The build's stage of that name. */
export async function stageOf(db: Db, build: BuildRow, name = 'only'): Promise<StageRow> {
  const stage = (await stagesOfBuild(db, build.id)).find((one) => one.name === name)
  if (!stage) throw new Error(`no stage ${name}`)
  return stage
}
