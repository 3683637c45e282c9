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

/**
 * Entries for `depends_on` by step, where the file does not leave the order to itself.
 * @param first names of what starts before any step: services, and steps that clone
 */
export function dependencies(
  steps: readonly StepDraft[],
  first: readonly string[],
  ledger: Ledger,
): readonly (readonly Entry[])[] {
  if (steps.some(({ dependsOn }) => dependsOn !== undefined)) return ofGraph(steps, first)
  if (steps.some(({ group }) => group !== undefined)) return ofGroups(steps, first, ledger)
  return steps.map(() => [])
}

/** A step that waits for no other starts after the services; ours would not wait for them. */
function ofGraph(steps: readonly StepDraft[], first: readonly string[]): Entry[][] {
  let edges = 0
  return steps.map(({ dependsOn, node }) => {
    if (dependsOn !== undefined && itemsOf(dependsOn.value).length > 0) return [dependsOn]
    edges += first.length
    const isDefault = first.length === 0 || edges > EDGES_MAX
    if (isDefault && dependsOn === undefined) return []
    const span = dependsOn?.keySpan ?? startOf(node)
    const names = isDefault ? [CLONE] : first
    return [entryAt('depends_on', namesAt(names, dependsOn?.value ?? node), span)]
  })
}

function ofGroups(
  steps: readonly StepDraft[],
  first: readonly string[],
  ledger: Ledger,
): readonly (readonly Entry[])[] {
  const result: Entry[][] = []
  let edges = 0
  let before = first.length > 0 ? first : [CLONE]
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
