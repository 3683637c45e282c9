import type { Reporter } from '../diagnostics/reporter.js'
import type { DecodedPipeline } from '../schema/pipeline-shape.js'
import type { DecodedStep } from '../schema/step-shape.js'
import { reportCycles } from './check-cycles.js'
import { reportDuplicates, reportUnknownDependencies } from './check-names.js'
import type { GraphNode } from './graph.js'
import type { Dependencies } from './keep.js'

/** Name of the implicit first step. */
export const CLONE = 'clone'

/**
 * Checks names and dependencies of a pipeline's steps and makes the graph explicit, the checkout
 * included: the order of the file when no step says `depends_on`, else what the steps say.
 */
export function stepGraph(pipeline: DecodedPipeline, reporter: Reporter): Dependencies {
  const steps: readonly DecodedStep[] = pipeline.steps?.items ?? []
  const cloned = pipeline.clone?.disable?.value !== true
  const nodes = steps.flatMap((step) => graphNode(step))
  checkSteps(steps, nodes, cloned, reporter)
  const graph = new Map<string, readonly string[]>(cloned ? [[CLONE, []]] : [])
  const explicit = nodes.some((node) => node.dependsOn.length > 0)
  if (explicit) addExplicit(graph, nodes, cloned)
  else {
    warnOfEmptyDependencies(steps, reporter)
    addSerial(graph, steps, cloned)
  }
  return graph
}

function graphNode(step: DecodedStep): GraphNode[] {
  if (step.name === undefined) return []
  const dependsOn = step.depends_on?.items ?? []
  const edges = dependsOn.map(({ value, node }) => ({ name: value, span: node.span }))
  return [{ name: step.name.value, dependsOn: edges }]
}

function checkSteps(
  steps: readonly DecodedStep[],
  nodes: readonly GraphNode[],
  cloned: boolean,
  reporter: Reporter,
): void {
  const names = steps.flatMap(({ name }) =>
    name === undefined ? [] : [{ name: name.value, span: name.node.span }],
  )
  reportDuplicates(names, 'step', reporter)
  for (const { name, span } of cloned ? names : []) {
    if (name !== CLONE) continue
    const message = '`clone` is the name of the checkout'
    const hint = 'take another name, or turn the checkout off with `clone: {disable: true}`'
    reporter.error('SP_PIPELINE_RESERVED_NAME', span, message, hint)
  }
  // `clone` may be depended on even when there is none: there is nothing to wait for then.
  const known = new Set([...names.map(({ name }) => name), CLONE])
  reportUnknownDependencies(nodes, known, 'step', reporter)
  reportCycles(nodes, 'step', reporter)
}

function addExplicit(
  graph: Map<string, readonly string[]>,
  nodes: readonly GraphNode[],
  cloned: boolean,
): void {
  const names = new Set(nodes.map((node) => node.name))
  for (const { name, dependsOn } of nodes) {
    const written = new Set(dependsOn.map((edge) => edge.name))
    if (cloned && written.size === 0) written.add(CLONE)
    if (!cloned && !names.has(CLONE)) written.delete(CLONE)
    graph.set(name, [...written])
  }
}

/** One after the other; nobody waits for the end of a detached step. */
function addSerial(
  graph: Map<string, readonly string[]>,
  steps: readonly DecodedStep[],
  cloned: boolean,
): void {
  let previous: readonly string[] = cloned ? [CLONE] : []
  for (const step of steps) {
    if (step.name === undefined) continue
    graph.set(step.name.value, previous)
    if (step.detach?.value !== true) previous = [step.name.value]
  }
}

function warnOfEmptyDependencies(steps: readonly DecodedStep[], reporter: Reporter): void {
  for (const { depends_on: dependsOn } of steps) {
    if (dependsOn === undefined || dependsOn.node.kind !== 'list') continue
    if (dependsOn.node.items.length > 0) continue
    const message = 'an empty `depends_on` changes nothing where no other step has one'
    const hint = 'to start right after the checkout, write `depends_on: [clone]`'
    reporter.warning('SP_PIPELINE_NO_EFFECT', dependsOn.node.span, message, hint)
  }
}
