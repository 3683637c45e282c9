import type { Reporter } from '../diagnostics/reporter.js'
import { EDGES_MAX } from '../limits.js'
import { allSteps, type NamedStep } from '../schema/all-steps.js'
import type { DecodedPipeline } from '../schema/pipeline-shape.js'
import { reportCycles } from './check-cycles.js'
import { reportDuplicates, reportUnknownDependencies } from './check-names.js'
import { edgesOf, type GraphNode } from './graph.js'
import type { Dependencies } from './keep.js'

/** Name of the implicit first step. */
export const CLONE = 'clone'

/**
 * Checks names and dependencies of a pipeline's services and steps and makes the graph explicit, the
 * checkout included: the order of the file when none says `depends_on`, else what they say.
 */
export function stepGraph(pipeline: DecodedPipeline, reporter: Reporter): Dependencies {
  const steps = allSteps(pipeline)
  const cloned = pipeline.clone?.disable?.value !== true
  const known = new Set([...steps.map(({ name }) => name), CLONE])
  const nodes = steps.map(({ step, name }) => ({
    name,
    dependsOn: edgesOf(step.depends_on, known),
  }))
  checkSteps(steps, nodes, cloned, reporter)
  const graph = new Map<string, readonly string[]>(cloned ? [[CLONE, []]] : [])
  if (nodes.some(({ dependsOn }) => dependsOn.length > 0)) {
    addExplicit(graph, steps, nodes, cloned)
  } else {
    warnOfEmptyDependencies(steps, reporter)
    addSerial(graph, steps, cloned)
  }
  return isTooLarge(graph, pipeline, reporter) ? new Map() : graph
}

function checkSteps(
  steps: readonly NamedStep[],
  nodes: readonly GraphNode[],
  cloned: boolean,
  reporter: Reporter,
): void {
  const names = steps.map(({ step, name }) => ({ name, span: (step.name?.node ?? step.node).span }))
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

/** What says nothing starts after the checkout and the services that say nothing. */
function addExplicit(
  graph: Map<string, readonly string[]>,
  steps: readonly NamedStep[],
  nodes: readonly GraphNode[],
  cloned: boolean,
): void {
  const names = new Set(nodes.map(({ name }) => name))
  const start = cloned ? [CLONE] : []
  const isFree = ({ step }: NamedStep) => (step.depends_on?.items.length ?? 0) === 0
  const services = steps.filter((one) => one.isService && isFree(one)).map(({ name }) => name)
  const afterServices = [...start, ...services]
  nodes.forEach(({ name, dependsOn }, index) => {
    const written = new Set(dependsOn.map((edge) => edge.name))
    if (!cloned && !names.has(CLONE)) written.delete(CLONE)
    const isService = steps[index]?.isService === true
    const implied = isService ? start : afterServices
    graph.set(name, dependsOn.length === 0 ? implied : [...written])
  })
}

/** Services at once, then one step after the other; a detached step is waited for until it is up. */
function addSerial(
  graph: Map<string, readonly string[]>,
  steps: readonly NamedStep[],
  cloned: boolean,
): void {
  const start = cloned ? [CLONE] : []
  const services = steps.filter(({ isService }) => isService)
  for (const { name } of services) graph.set(name, start)
  let previous = services.length === 0 ? start : services.map(({ name }) => name)
  for (const { name, isService } of steps) {
    if (isService) continue
    graph.set(name, previous)
    previous = [name]
  }
}

function warnOfEmptyDependencies(steps: readonly NamedStep[], reporter: Reporter): void {
  for (const { step } of steps) {
    const dependsOn = step.depends_on
    if (dependsOn === undefined || dependsOn.node.kind !== 'list') continue
    if (dependsOn.node.items.length > 0) continue
    const message = 'an empty `depends_on` changes nothing where no other step has one'
    const hint = 'to start right after the checkout, write `depends_on: [clone]`'
    reporter.warning('SP_PIPELINE_NO_EFFECT', dependsOn.node.span, message, hint)
  }
}

/** Many steps after many services make a graph larger than the file. */
function isTooLarge(graph: Dependencies, { node }: DecodedPipeline, reporter: Reporter): boolean {
  let edges = 0
  for (const dependencies of graph.values()) edges += dependencies.length
  if (edges <= EDGES_MAX) return false
  const message = `the graph of dependencies has more than ${EDGES_MAX} edges`
  reporter.error('SP_PIPELINE_TOO_LARGE', node.span, message)
  return true
}
