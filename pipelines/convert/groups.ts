import { CLONE } from '../graph/step-graph.js'
import { EDGES_MAX } from '../limits.js'
import type { Entry, ListNode, Node } from '../parse/tree.js'
import type { Ledger } from './change.js'
import { entryAt, itemsOf, listAt, scalarAt, startOf, textOf } from './nodes.js'

/** A step before it is known what it depends on. */
export interface StepDraft {
  readonly name: string
  readonly node: Node
  readonly entries: readonly Entry[]
  /** `group: name`: neighbours of one group run at the same time. */
  readonly group?: Entry | undefined
  /** `depends_on` as it was written. */
  readonly dependsOn?: Entry | undefined
}

/** Names of what starts before any step. */
export interface Beforehand {
  readonly services: readonly string[]
  /** Steps that clone in their own way. */
  readonly clones: readonly string[]
}

/** Entries for `depends_on` by step, where the file does not leave the order to itself. */
export function dependencies(
  steps: readonly StepDraft[],
  beforehand: Beforehand,
  ledger: Ledger,
): readonly (readonly Entry[])[] {
  if (steps.some(({ dependsOn }) => dependsOn !== undefined)) return ofGraph(steps, beforehand)
  if (steps.some(({ group }) => group !== undefined)) return ofGroups(steps, beforehand, ledger)
  return steps.map(() => [])
}

/** What a step depends on that waits for no other step. */
function firstNames({ services, clones }: Beforehand): readonly string[] {
  return services.length + clones.length > 0 ? [...services, ...clones] : [CLONE]
}

function ofGraph(steps: readonly StepDraft[], beforehand: Beforehand): Entry[][] {
  const first = firstNames(beforehand)
  let edges = 0
  return steps.map(({ dependsOn, node }) => {
    if (dependsOn !== undefined && itemsOf(dependsOn.value).length > 0) return [dependsOn]
    // Without `depends_on` a step waits for our checkout and the services, but for no other step.
    if (dependsOn === undefined && beforehand.clones.length === 0) return []
    edges += first.length
    if (edges > EDGES_MAX) return []
    const span = dependsOn?.keySpan ?? startOf(node)
    return [entryAt('depends_on', namesAt(first, dependsOn?.value ?? node), span)]
  })
}

function ofGroups(
  steps: readonly StepDraft[],
  beforehand: Beforehand,
  ledger: Ledger,
): readonly (readonly Entry[])[] {
  const result: Entry[][] = []
  let edges = 0
  let before = firstNames(beforehand)
  for (const run of runsOf(steps)) {
    const [head] = run
    if (head === undefined) continue
    edges += run.length * before.length
    if (edges > EDGES_MAX) {
      const message = `the groups of steps make more than ${EDGES_MAX} dependencies`
      ledger.reporter.error('SP_PIPELINE_TOO_LARGE', startOf(head.node), message)
      return steps.map(() => [])
    }
    if (head.group !== undefined) {
      ledger.changed(head.group.keySpan, '`group` is said with `depends_on`')
    }
    for (const { node, group } of run) {
      const span = group?.keySpan ?? startOf(node)
      result.push([entryAt('depends_on', namesAt(before, group?.value ?? node), span)])
    }
    before = run.map(({ name }) => name)
  }
  return result
}

/** Neighbours that share a group, all others alone. */
function runsOf(steps: readonly StepDraft[]): StepDraft[][] {
  const runs: StepDraft[][] = []
  let current: string | undefined
  for (const step of steps) {
    const group = textOf(step.group?.value)
    if (group !== undefined && group === current) runs.at(-1)?.push(step)
    else runs.push([step])
    current = group
  }
  return runs
}

function namesAt(names: readonly string[], node: Node): ListNode {
  const span = startOf(node)
  return listAt(
    names.map((name) => scalarAt(name, span)),
    span,
  )
}
