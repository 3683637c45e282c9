import type { Status } from '../../protocol/status.js'
import { isFailure, isTerminal } from '../../protocol/status.js'

/** What readiness is decided from. */
export interface StageNode {
  readonly name: string
  readonly status: Status
  readonly dependsOn: readonly string[]
  readonly onSuccess: boolean
  readonly onFailure: boolean
}

/** What becomes of a stage that waits for others. */
export type Decision = 'wait' | 'run' | 'skip'

/**
 * Decides about every waiting stage, those that only a decision made here settles included: a stage
 * that is skipped lets the next one be decided. A stage has failed for those behind it when it or
 * anything before it failed, so that a clean-up that succeeds does not hide the failure.
 */
export function decideStages(stages: readonly StageNode[]): ReadonlyMap<string, Decision> {
  const byName = new Map(stages.map((stage) => [stage.name, stage]))
  const decisions = new Map<string, Decision>()
  const decide = (stage: StageNode): Decision => {
    const known = decisions.get(stage.name)
    if (known) return known
    // A file with a cycle never compiles; should one be here, its stages wait instead of recursing.
    decisions.set(stage.name, 'wait')
    const decision = decideOne(stage, byName, decide)
    decisions.set(stage.name, decision)
    return decision
  }
  const waiting = stages.filter((stage) => stage.status === 'waiting_on_dependencies')
  return new Map(waiting.map((stage) => [stage.name, decide(stage)]))
}

function decideOne(
  stage: StageNode,
  byName: ReadonlyMap<string, StageNode>,
  decide: (stage: StageNode) => Decision,
): Decision {
  const dependencies = dependenciesOf(stage, byName)
  const isSettled = (dependency: StageNode): boolean =>
    isTerminal(dependency.status) ||
    (dependency.status === 'waiting_on_dependencies' && decide(dependency) === 'skip')
  if (!dependencies.every(isSettled)) return 'wait'
  const failed = dependencies.some((dependency) => hasFailed(dependency, byName))
  return (failed ? stage.onFailure : stage.onSuccess) ? 'run' : 'skip'
}

function dependenciesOf(
  stage: StageNode,
  byName: ReadonlyMap<string, StageNode>,
): readonly StageNode[] {
  return stage.dependsOn.flatMap((name) => byName.get(name) ?? [])
}

function hasFailed(
  stage: StageNode,
  byName: ReadonlyMap<string, StageNode>,
  seen = new Set<string>(),
): boolean {
  if (seen.has(stage.name)) return false
  seen.add(stage.name)
  if (isFailure(stage.status)) return true
  return dependenciesOf(stage, byName).some((dependency) => hasFailed(dependency, byName, seen))
}

/** From the worst: what a build is when one of its stages is that. */
const WORST_FIRST: readonly Status[] = ['killed', 'error', 'failure', 'declined', 'success']

/** Status of a build whose stages have all ended; null while one has not. */
export function rollUp(stages: readonly { readonly status: Status }[]): Status | null {
  if (!stages.every((stage) => isTerminal(stage.status))) return null
  const worst = WORST_FIRST.find((status) => stages.some((stage) => stage.status === status))
  return worst ?? 'skipped'
}
