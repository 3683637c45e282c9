import type { BuildEvent } from '../../../pipelines/event.js'
import type { BuildWarning } from '../../ingest/warnings.js'
import type { BuildDetail } from '../../services.js'
import type { ListedBuild } from '../../store/builds-page.js'
import { renderStage } from './stage.js'
import { seconds } from './time.js'

/** A build as Drone's API has it; `*_ms` are ours. Its stages are in `stages` where one build is shown. */
export function renderBuild(build: ListedBuild) {
  const event = JSON.parse(build.event_json) as BuildEvent
  return {
    id: build.id,
    repo_id: build.repo_id,
    trigger: '@hook',
    number: build.number,
    parent: build.parent,
    status: build.status,
    error: build.error,
    ...renderEvent(event),
    started: seconds(build.started),
    finished: seconds(build.finished),
    created: seconds(build.created),
    updated: seconds(build.updated),
    started_ms: build.started,
    finished_ms: build.finished,
    created_ms: build.created,
    updated_ms: build.updated,
    version: build.updated,
  }
}

/** A build with its warnings, its stages and their steps. */
export function renderBuildDetail({ build, stages }: BuildDetail) {
  return {
    ...renderBuild(build),
    warnings: JSON.parse(build.warnings_json) as readonly BuildWarning[],
    stages: stages.map(({ stage, steps }) => renderStage(stage, steps)),
  }
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
