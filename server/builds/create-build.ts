import type { BuildEvent } from '../../pipelines/event.js'
import { pullRequestOf } from '../../pipelines/environment/refs.js'
import type { BuildRow } from '../store/builds.js'
import { insertBuild } from '../store/builds.js'
import type { Db } from '../store/database.js'
import { nextBuildNumber, nextDeployNumber } from '../store/repos.js'

/** What a build is made of. */
export interface BuildSeed {
  readonly repoId: number
  readonly event: BuildEvent
  /** The build that it is made from, or null. */
  readonly parent: BuildRow | null
  readonly now: number
  /** True (the default) when it restarts its parent; false for one that deploys it. */
  readonly restarts?: boolean
  /** Login of who starts it; default: a webhook did. */
  readonly startedBy?: string
  /** Why a person has to let it run; empty, the default: nobody has to. */
  readonly approvalReason?: string
  /** Names of the stages that it takes over from its parent; absent: it runs all. */
  readonly keep?: readonly string[] | undefined
}

/**
 * Adds a build with the repo's next number; null when the repo was removed meanwhile. Call it in a
 * transaction.
 */
export async function createBuild(db: Db, seed: BuildSeed): Promise<BuildRow | null> {
  const { repoId, parent, now, restarts = true, startedBy = '@hook' } = seed
  const number = await nextBuildNumber(db, repoId, now)
  if (number === null) return null
  const event = await withDeployId(db, seed)
  const { approvalReason = '', keep } = seed
  return insertBuild(db, {
    repo_id: repoId,
    number,
    parent: parent?.number ?? 0,
    origin: restarts && parent ? parent.origin : number,
    status: 'pending',
    error: '',
    ...columnsOf(event),
    started_by: startedBy,
    approval: approvalReason === '' ? '' : 'required',
    approval_reason: approvalReason,
    keep_json: keep === undefined ? null : JSON.stringify(keep),
    plan_json: null,
    created: now,
    started: 0,
    finished: 0,
    updated: now,
  })
}

/** The columns that say what a build is made for. */
export function columnsOf(event: BuildEvent) {
  return {
    event_json: JSON.stringify(event),
    event: event.event,
    ref: event.ref,
    branch: event.branch,
    after: event.after,
    sender: event.sender,
    cron: event.cron,
    deploy_to: event.deployTo,
    deploy_id: event.deployId ?? 0,
    source_repo: event.sourceRepo,
    pull_request: pullNumberOf(event.ref),
    title: event.title,
  }
}

/** Numbers that no integer column holds are no pull request's. */
function pullNumberOf(ref: string): number {
  const number = Number(pullRequestOf(ref) ?? 0)
  return number <= 0x7fffffff ? number : 0
}

/** Deployments of a repo are counted; one that is restarted stays the same. */
async function withDeployId(db: Db, { repoId, event, now }: BuildSeed): Promise<BuildEvent> {
  const isDeployment = event.event === 'promote' || event.event === 'rollback'
  if (!isDeployment || event.deployId !== undefined) return event
  return { ...event, deployId: (await nextDeployNumber(db, repoId, now)) ?? 0 }
}
