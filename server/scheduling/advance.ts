import type { Db } from '../store/database.js'
import type { StageRow } from '../store/stages.js'
import { stagesOfBuild, updateStage } from '../store/stages.js'
import type { Effects } from './effects.js'
import { endStage, finishBuildWhenDone } from './end-stage.js'
import { decideStages } from './outcome.js'
import type { StageNode } from './outcome.js'

/**
 * Lets the build's stages go on as far as they can: those whose dependencies have ended become
 * `pending`, or `skipped`; when all have ended, so has the build. Doing it twice does nothing more.
 * Call it in a transaction; `effects` get the builds whose pending stages have to be queued.
 */
export async function advanceBuild(
  db: Db,
  buildId: number,
  now: number,
  effects: Effects,
): Promise<void> {
  const stages = await stagesOfBuild(db, buildId)
  const decisions = decideStages(stages.map(nodeOf))
  for (const stage of stages) {
    const decision = decisions.get(stage.name)
    if (decision === 'run') {
      await updateStage(db, stage.id, { status: 'pending', queued: now, updated: now })
      effects.builds.add(buildId)
    } else if (decision === 'skip') {
      const end = { status: 'skipped', error: '', at: now, byRunner: false } as const
      await endStage(db, stage, end, effects)
    }
  }
  await finishBuildWhenDone(db, buildId, now)
}

function nodeOf(stage: StageRow): StageNode {
  return {
    name: stage.name,
    status: stage.status,
    dependsOn: JSON.parse(stage.depends_on_json) as string[],
    onSuccess: stage.on_success === 1,
    onFailure: stage.on_failure === 1,
  }
}
