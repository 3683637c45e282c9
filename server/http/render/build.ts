import type { BuildEvent } from '../../../pipelines/event.js'
import type { BuildWarning } from '../../ingest/warnings.js'
import type { Waiting } from '../../builds/waiting.js'
import type { Build, BuildDetail, Stage } from '../../services.js'
import type { ListedBuild } from '../../store/builds-page.js'
import { renderStage } from './stage.js'
import { seconds } from './time.js'

/** A build as Drone's API has it; `*_ms` are ours. Its stages are in `stages` where one build is shown. */
export function renderBuild(build: ListedBuild) {
  const event = JSON.parse(build.event_json) as BuildEvent
  return {
    id: build.id,
    repo_id: build.repo_id,
    trigger: build.started_by,
    number: build.number,
    parent: build.parent,
    status: build.status,
    error: build.error,
    ...renderEvent(event),
    deploy_id: build.deploy_id,
    pull_request: build.pull_request,
    approval: build.approval,
    approval_reason: build.approval_reason,
    reviewed_by: build.reviewed_by,
    cancelled_by: build.cancelled_by,
    started: seconds(build.started),
    finished: seconds(build.finished),
    created: seconds(build.created),
    updated: seconds(build.updated),
    started_ms: build.started,
    finished_ms: build.finished,
    created_ms: build.created,
    updated_ms: build.updated,
    reviewed_ms: build.reviewed,
    version: build.updated,
  }
}

/** A build with its warnings, its stages and their steps, and why they wait where that was asked for. */
export function renderBuildDetail({ build, stages }: BuildDetail, waiting?: Waiting) {
  return {
    ...renderBuild(build),
    ...(waiting === undefined || waiting.build === '' ? {} : { waiting: waiting.build }),
    warnings: JSON.parse(build.warnings_json) as readonly BuildWarning[],
    stages: stages.map(({ stage, steps }) =>
      renderStage(asSeen(stage, build), steps, waiting?.stages.get(stage.id)),
    ),
  }
}

/** As in Drone the stages of a build that waits for approval are what is approved. */
function asSeen(stage: Stage, build: Build): Stage {
  const isHeld = build.status === 'blocked' && stage.status === 'waiting_on_dependencies'
  return isHeld ? { ...stage, status: 'blocked' } : stage
}

function renderEvent(event: BuildEvent) {
  return {
    event: event.event,
    action: event.action,
    link: event.link,
    title: event.title,
    message: event.message,
    before: event.before,
    after: event.after,
    ref: event.ref,
    source_repo: event.sourceRepo,
    source: event.sourceBranch,
    target: event.branch,
    author_login: event.author.login,
    author_name: event.author.name,
    author_email: event.author.email,
    author_avatar: event.author.avatar,
    sender: event.sender,
    params: event.params,
    cron: event.cron,
    deploy_to: event.deployTo,
  }
}
