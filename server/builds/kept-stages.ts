import { isFailure, isTerminal } from '../../protocol/status.js'
import type { BuildRow } from '../store/builds.js'
import type { StageStatusRow } from '../store/stages.js'
import { notEnded, nothingFailed, stageUnknown, stageUnready } from './errors.js'
import type { Restart } from './types.js'

/**
 * Names of the stages that a restart leaves as they ended; undefined when it makes everything anew.
 * @throws SandpiperError SP_BUILD_NOT_ENDED, SP_BUILD_STAGE_UNKNOWN, SP_BUILD_STAGE_UNREADY,
 *   SP_BUILD_NOTHING_FAILED
 */
export function keptStages(
  build: BuildRow,
  stages: readonly StageStatusRow[],
  { from, failed = false }: Restart,
): readonly string[] | undefined {
  if (from === undefined && !failed) return undefined
  if (!isTerminal(build.status)) throw notEnded(build.number, build.status)
  const again = new Set<string>()
  if (from !== undefined) again.add(startingPoint(build, stages, from).name)
  if (failed) for (const { name } of failedStages(build, stages)) again.add(name)
  addDependents(again, stages)
  return stages.map(({ name }) => name).filter((name) => !again.has(name))
}

function startingPoint(
  build: BuildRow,
  stages: readonly StageStatusRow[],
  from: string,
): StageStatusRow {
  const stage = stages.find(({ name }) => name === from)
  if (!stage) throw stageUnknown(build.number, from)
  const needed = new Set(dependenciesOf(stage))
  for (const dependency of stages) {
    const stops = isFailure(dependency.status) ? stage.on_failure === 0 : false
    if (needed.has(dependency.name) && stops) {
      throw stageUnready(from, dependency.name, dependency.status)
    }
  }
  return stage
}

/** Without stages nothing of it ran at all: then there is nothing to keep either. */
function failedStages(
  build: BuildRow,
  stages: readonly StageStatusRow[],
): readonly StageStatusRow[] {
  const failed = stages.filter(({ status }) => isFailure(status))
  if (failed.length === 0 && !isFailure(build.status)) throw nothingFailed(build.number)
  return failed
}

function addDependents(again: Set<string>, stages: readonly StageStatusRow[]): void {
  for (let before = -1; before !== again.size;) {
    before = again.size
    for (const stage of stages) {
      if (dependenciesOf(stage).some((name) => again.has(name))) again.add(stage.name)
    }
  }
}

function dependenciesOf(stage: StageStatusRow): readonly string[] {
  return JSON.parse(stage.depends_on_json) as string[]
}
