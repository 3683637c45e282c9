import type { QueuedStage } from '../../builds/types.js'
import type { Stage, Step } from '../../services.js'
import type { StageStatusRow } from '../../store/stages.js'
import { renderStep } from './step.js'
import { seconds } from './time.js'

/**
 * A stage as Drone's API has it (`kernel` is Drone's name for the version of the operating system);
 * `attempt`, `concurrency_group` and `*_ms` are ours.
 */
export function renderStage(stage: Stage, steps: readonly Step[], waiting?: string) {
  return {
    ...renderBareStage(stage),
    ...(waiting === undefined ? {} : { waiting }),
    steps: steps.map(renderStep),
  }
}

/** A stage that waits or runs, with where it belongs. */
export function renderQueuedStage({ stage, slug, number, waiting }: QueuedStage) {
  return {
    ...renderBareStage(stage),
    ...(waiting === '' ? {} : { waiting }),
    slug,
    build_number: number,
  }
}

function renderBareStage(stage: StageStatusRow) {
  return {
    id: stage.id,
    repo_id: stage.repo_id,
    build_id: stage.build_id,
    number: stage.number,
    name: stage.name,
    kind: stage.kind,
    type: stage.type,
    status: stage.status,
    error: stage.error,
    errignore: false,
    exit_code: stage.exit_code,
    machine: stage.machine,
    os: stage.os,
    arch: stage.arch,
    ...(stage.variant === '' ? {} : { variant: stage.variant }),
    ...(stage.os_version === '' ? {} : { kernel: stage.os_version }),
    labels: JSON.parse(stage.labels_json) as Readonly<Record<string, string>>,
    ...(stage.concurrency_limit === 0 ? {} : { limit: stage.concurrency_limit }),
    concurrency_group: stage.concurrency_group,
    attempt: stage.attempt,
    started: seconds(stage.started),
    stopped: seconds(stage.stopped),
    created: seconds(stage.created),
    updated: seconds(stage.updated),
    started_ms: stage.started,
    stopped_ms: stage.stopped,
    created_ms: stage.created,
    updated_ms: stage.updated,
    version: stage.updated,
    on_success: stage.on_success === 1,
    on_failure: stage.on_failure === 1,
    depends_on: JSON.parse(stage.depends_on_json) as readonly string[],
    ...(stage.copied_from === 0 ? {} : { copied: true }),
  }
}
