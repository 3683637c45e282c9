import type { StagePlan } from '../pipelines/plan.js'
import { isFailure, type Status } from '../protocol/status.js'

type Node = Pick<StagePlan, 'name' | 'dependsOn' | 'runOn'>

/**
 * What is to be done next with the stages of a build that one machine runs one after another: the first
 * that may run now, or one that never will; null when nothing is left. A stage counts as failing when
 * one that it depends on, however far away, has failed; others don't matter to it. So does the server.
 */
export function nextStage(
  stages: readonly Node[],
  ended: ReadonlyMap<string, Status>,
): { readonly name: string; readonly runs: boolean } | null {
  const byName = new Map(stages.map((stage) => [stage.name, stage]))
  for (const { name, dependsOn, runOn } of stages) {
    if (ended.has(name)) continue
    if (!dependsOn.every((before) => ended.has(before) || !byName.has(before))) continue
    const isFailing = hasFailedBefore(dependsOn, byName, ended)
    return { name, runs: isFailing ? runOn.failure : runOn.success }
  }
  return null
}

function hasFailedBefore(
  names: readonly string[],
  byName: ReadonlyMap<string, Node>,
  ended: ReadonlyMap<string, Status>,
): boolean {
  const left = [...names]
  const seen = new Set(left)
  for (let name = left.pop(); name !== undefined; name = left.pop()) {
    const status = ended.get(name)
    if (status !== undefined && isFailure(status)) return true
    for (const before of byName.get(name)?.dependsOn ?? []) {
      if (!seen.has(before)) left.push(before)
      seen.add(before)
    }
  }
  return false
}
