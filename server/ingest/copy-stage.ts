import type { Plan, StagePlan } from '../../pipelines/plan.js'
import { isTerminal } from '../../protocol/status.js'
import type { BuildRow } from '../store/builds.js'
import { findBuild } from '../store/builds.js'
import type { Db } from '../store/database.js'
import type { StageRow } from '../store/stages.js'
import { insertStage, stagesOfBuild } from '../store/stages.js'
import { insertSteps, stepsOfStage } from '../store/steps.js'

/**
 * The stages of its parent that a build takes over as they ended, by name. A stage that depends on one that
 * runs is none of them, whatever was asked for: its file may say something else now.
 */
export async function keptStagesOf(
  db: Db,
  build: BuildRow,
  plan: Plan,
): Promise<ReadonlyMap<string, StageRow>> {
  const kept = new Map<string, StageRow>()
  if (build.keep_json === null) return kept
  const parent = await findBuild(db, build.repo_id, build.parent)
  if (!parent) return kept
  const wanted = new Set(JSON.parse(build.keep_json) as string[])
  for (const stage of await stagesOfBuild(db, parent.id)) {
    if (wanted.has(stage.name) && isTerminal(stage.status)) kept.set(stage.name, stage)
  }
  dropDependents(kept, plan)
  return kept
}

function dropDependents(kept: Map<string, StageRow>, { stages }: Plan): void {
  for (let before = -1; before !== kept.size;) {
    before = kept.size
    for (const { name, dependsOn } of stages) {
      if (!dependsOn.every((needed) => kept.has(needed))) kept.delete(name)
    }
  }
}

/** A stage with its steps as they ended; their logs stay where they are. */
export async function copyStage(
  db: Db,
  {
    build,
    old,
    plan,
  }: { readonly build: BuildRow; readonly old: StageRow; readonly plan: StagePlan },
  number: number,
  now: number,
): Promise<void> {
  const { id, ...facts } = old
  const stage = await insertStage(db, {
    ...facts,
    build_id: build.id,
    build_origin: build.origin,
    number,
    copied_from: old.copied_from === 0 ? id : old.copied_from,
    depends_on_json: JSON.stringify(plan.dependsOn),
    // It holds nothing, and ends nobody.
    ...{ session: '', lease_until: 0, supersedes: 0 },
    ...{ created: now, updated: now },
  })
  const steps = await stepsOfStage(db, id)
  await insertSteps(
    db,
    steps.map(({ id: _id, ...step }) => ({ ...step, stage_id: stage.id })),
  )
}
