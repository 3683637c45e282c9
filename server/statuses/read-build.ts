import type { BuildEvent } from '../../pipelines/event.js'
import type { Db } from '../store/database.js'
import { stageStatusesOfBuild } from '../store/stages.js'
import { stepsOfBuild } from '../store/steps.js'
import type { BuildState, StageState, StepState } from './describe.js'

/** A build as its status shows it. */
export interface StatusBuild extends BuildState {
  readonly number: number
  readonly event: BuildEvent
}

/** The build as it is now; null when it is gone. */
export async function readBuild(db: Db, buildId: number): Promise<StatusBuild | null> {
  const build = await db
    .selectFrom('builds')
    .select(['number', 'status', 'error', 'event_json', 'started', 'finished'])
    .where('id', '=', buildId)
    .executeTakeFirst()
  if (!build) return null
  const { number, status, error, started, finished } = build
  const event = JSON.parse(build.event_json) as BuildEvent
  return {
    ...{ number, status, error, started, finished, event },
    stages: await stages(db, buildId),
  }
}

async function stages(db: Db, buildId: number): Promise<StageState[]> {
  const rows = await stageStatusesOfBuild(db, buildId)
  const steps = new Map<number, StepState[]>(rows.map(({ id }) => [id, []]))
  for (const step of await stepsOfBuild(db, buildId)) {
    steps.get(step.stage_id)?.push({
      number: step.number,
      name: step.name,
      status: step.status,
      error: step.error,
      exitCode: step.exit_code,
      isIgnored: step.errignore === 1,
      started: step.started,
      stopped: step.stopped,
    })
  }
  return rows.map(({ id, number, name, status, error, cancel_reason: cancelReason }) => ({
    ...{ number, name, status, error, cancelReason },
    steps: steps.get(id) ?? [],
  }))
}
