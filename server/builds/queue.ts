import type { Db } from '../store/database.js'
import { incompleteStages } from '../store/stages.js'
import type { QueuedStage } from './types.js'
import { whyStagesWait } from './waiting.js'
import type { WaitingSource } from './waiting.js'

/** Stages that are shown. */
const STAGES_MAX = 1_000

/** What waits and runs in all repos, the oldest first. */
export async function listQueue(source: WaitingSource): Promise<readonly QueuedStage[]> {
  const stages = await incompleteStages(source.db, STAGES_MAX)
  const places = await placesOfBuilds(source.db, [...new Set(stages.map((one) => one.build_id))])
  const reasons = await whyStagesWait(source, stages)
  return stages.flatMap((stage) => {
    const place = places.get(stage.build_id)
    return place ? [{ stage, ...place, waiting: reasons.get(stage.id) ?? '' }] : []
  })
}

async function placesOfBuilds(
  db: Db,
  ids: readonly number[],
): Promise<ReadonlyMap<number, Pick<QueuedStage, 'slug' | 'number'>>> {
  if (ids.length === 0) return new Map()
  const rows = await db
    .selectFrom('builds')
    .innerJoin('repos', 'repos.id', 'builds.repo_id')
    .select(['builds.id', 'builds.number', 'repos.owner', 'repos.name'])
    .where('builds.id', 'in', [...ids])
    .execute()
  return new Map(
    rows.map(({ id, number, owner, name }) => [id, { number, slug: `${owner}/${name}` }]),
  )
}
