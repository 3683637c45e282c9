import type { RunOn, StepPlan } from '../../pipelines/plan.js'
import { isFailure, type Status } from '../../protocol/status.js'

/** What the scheduler has to know of a step (or of a stage, which has the same shape of graph). */
export interface GraphNode {
  readonly name: string
  readonly dependsOn: readonly string[]
  readonly runOn: RunOn
  /** Its failure is not counted. */
  readonly ignoreFailure: boolean
  /** Runs beside the others: who depends on it waits for its start only, its result is not counted. */
  readonly detach: boolean
}

export interface GraphState {
  /** How the nodes that have ended did. */
  readonly ended: ReadonlyMap<string, Status>
  /** Nodes that were told to start and have not ended. */
  readonly running: ReadonlySet<string>
  /** Detached nodes that really run now, or did. */
  readonly up: ReadonlySet<string>
  /** Nothing may start any more. */
  readonly stopped: boolean
}

export interface Decision {
  readonly start: readonly string[]
  readonly skip: readonly string[]
}

/** A step as the scheduler sees it. The checkout is a step like any other. */
export function stepNode(step: StepPlan): GraphNode {
  const { name, dependsOn } = step
  if (step.kind === 'clone') {
    const runOn = { success: true, failure: false }
    return { name, dependsOn, runOn, ignoreFailure: false, detach: false }
  }
  const { runOn, detach } = step
  return { name, dependsOn, runOn, detach, ignoreFailure: step.failure === 'ignore' }
}

/**
 * What is to be done now: which nodes start and which will never run. A node is due as soon as all
 * its dependencies have ended; it then runs or is skipped by the state of the whole so far, as Drone
 * does it.
 */
export function decide(nodes: readonly GraphNode[], state: GraphState): Decision {
  const isFailing = hasFailed(nodes, state)
  const skip = new Set<string>()
  const start: string[] = []
  for (let isChanged = true; isChanged;) {
    isChanged = false
    for (const node of nodes) {
      if (state.ended.has(node.name) || state.running.has(node.name)) continue
      if (skip.has(node.name) || start.includes(node.name)) continue
      if (!state.stopped && !isDue(nodes, node, state, skip)) continue
      const runs = !state.stopped && (isFailing ? node.runOn.failure : node.runOn.success)
      if (runs) start.push(node.name)
      else skip.add(node.name)
      isChanged = true
    }
  }
  return { start, skip: [...skip] }
}

/**
 * Which of the nodes that run, all of them detached, can be ended: those on which no other that runs
 * depends, be it through ones that have ended. So they end in reverse of the order of their start.
 */
export function endable(nodes: readonly GraphNode[], running: ReadonlySet<string>): string[] {
  const byName = new Map(nodes.map((node) => [node.name, node]))
  const needed = new Set<string>()
  const need = (name: string): void => {
    for (const dependency of byName.get(name)?.dependsOn ?? []) {
      if (needed.has(dependency)) continue
      needed.add(dependency)
      need(dependency)
    }
  }
  for (const name of running) need(name)
  return [...running].filter((name) => !needed.has(name))
}

/** How nodes have ended, and which detached ones were up at some time. */
export type GraphEnds = Pick<GraphState, 'ended' | 'up'>

/** Whether a failure that counts is among what has ended. */
export function hasFailed(nodes: readonly GraphNode[], ends: GraphEnds): boolean {
  return nodes.some((node) => isCountedFailure(node, ends))
}

/** Names of the nodes that have failed, where that counts. */
export function failedNames(nodes: readonly GraphNode[], ends: GraphEnds): string[] {
  return nodes.filter((node) => isCountedFailure(node, ends)).map((node) => node.name)
}

function isCountedFailure(node: GraphNode, { ended, up }: GraphEnds): boolean {
  const status = ended.get(node.name)
  if (status === undefined || node.ignoreFailure) return false
  // A detached step that was never of use to anyone does count.
  if (node.detach && up.has(node.name)) return status === 'error'
  return isFailure(status)
}

function isDue(
  nodes: readonly GraphNode[],
  node: GraphNode,
  state: GraphState,
  skip: ReadonlySet<string>,
): boolean {
  return node.dependsOn.every((name) => {
    if (state.ended.has(name) || skip.has(name)) return true
    const dependency = nodes.find((candidate) => candidate.name === name)
    if (!dependency) return true
    return dependency.detach && state.up.has(name)
  })
}
