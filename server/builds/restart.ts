import type { BuildEvent } from '../../pipelines/event.js'
import type { BuildRow } from '../store/builds.js'
import { findBuild } from '../store/builds.js'
import type { Db } from '../store/database.js'
import type { RepoRow } from '../store/repos.js'
import { stageStatusesOfBuild } from '../store/stages.js'
import { createBuild } from './create-build.js'
import { notApproved } from './errors.js'
import { keptStages } from './kept-stages.js'
import { checkDeclared, checkParams } from './params.js'
import type { Deployment, Restart } from './types.js'

/**
 * Makes a build of the same event, all of it or a part; null when there is no such build. Call it in a
 * transaction.
 */
export async function restartBuild(
  db: Db,
  repo: RepoRow,
  number: number,
  how: Restart,
  now: number,
): Promise<BuildRow | null> {
  const { params = {}, by = '' } = how
  checkParams(params)
  const old = await findBuild(db, repo.id, number)
  if (!old) return null
  if (old.approval === 'required') throw notApproved(number)
  const before = eventOf(old)
  const event = { ...before, params: { ...before.params, ...params } }
  checkDeclared(old.plan_json, event)
  return createBuild(db, {
    ...{ repoId: repo.id, parent: old, now },
    event,
    startedBy: by,
    // What was declined is not let in by another door.
    approvalReason: old.approval === 'declined' ? old.approval_reason : '',
    keep: keptStages(old, await stageStatusesOfBuild(db, old.id), how),
  })
}

/** Makes a build that deploys the commit of another; null when there is no such build. Call it in a transaction. */
export async function deployBuild(
  db: Db,
  repo: RepoRow,
  number: number,
  deployment: Deployment,
  now: number,
): Promise<BuildRow | null> {
  const { target, params, by } = deployment
  checkParams(params)
  const old = await findBuild(db, repo.id, number)
  if (!old) return null
  if (old.approval === 'required' || old.approval === 'declined') throw notApproved(number)
  const { deployId: _before, ...before } = eventOf(old)
  const event = {
    ...before,
    event: deployment.event,
    deployTo: target,
    params: { ...before.params, ...params },
  }
  checkDeclared(old.plan_json, event)
  return createBuild(db, {
    ...{ repoId: repo.id, parent: old, now, restarts: false, startedBy: by },
    event,
  })
}

function eventOf(build: BuildRow): BuildEvent {
  return JSON.parse(build.event_json) as BuildEvent
}
