import type { Reporter } from '../diagnostics/reporter.js'
import { EDGES_MAX } from '../limits.js'
import { reportCycles } from './check-cycles.js'
import { reportDuplicates, reportUnknownDependencies } from './check-names.js'
import { edgesOf, type GraphNode } from './graph.js'
import type { Dependencies } from './keep.js'
import { type NamedVariant, pipelineName, stageNames } from './stage-names.js'

/**
 * Checks names and dependencies of the file's pipelines, and makes the graph of their stages. Who
 * depends on a pipeline with a matrix depends on all of its combinations.
 */
export function pipelineGraph(variants: readonly NamedVariant[], reporter: Reporter): Dependencies {
  const names = stageNames(variants)
  const stages = stagesByName(variants, names)
  const known = new Set(stages.keys())
  const nodes = variants.map((variant, index) => ({
    name: names[index] ?? '',
    pipeline: pipelineName(variant),
    dependsOn: edgesOf(variant.pipeline.depends_on, known),
  }))
  const named = variants.map(({ pipeline }, index) => ({
    name: names[index] ?? '',
    span: (pipeline.name?.node ?? pipeline.node).span,
  }))
  reportDuplicates(named, 'pipeline', reporter)
  reportUnknownDependencies(nodes, known, 'pipeline', reporter)
  const expanded = expandNodes(nodes, stages)
  if (expanded === undefined) {
    reportTooLarge(variants[0], reporter)
    return new Map()
  }
  reportCycles(expanded, 'pipeline', reporter)
  return new Map(
    expanded.map(({ name, dependsOn }) => [name, [...new Set(dependsOn.map((edge) => edge.name))]]),
  )
}

/** Stages by their own names and by those of their pipelines. */
function stagesByName(
  variants: readonly NamedVariant[],
  names: readonly string[],
): ReadonlyMap<string, ReadonlySet<string>> {
  const stages = new Map<string, Set<string>>()
  const add = (key: string, name: string) => {
    const known = stages.get(key)
    if (known === undefined) stages.set(key, new Set([name]))
    else known.add(name)
  }
  variants.forEach((variant, index) => {
    const name = names[index] ?? ''
    add(pipelineName(variant), name)
    add(name, name)
  })
  return stages
}

function expandNodes(
  nodes: readonly GraphNode[],
  stages: ReadonlyMap<string, ReadonlySet<string>>,
): GraphNode[] | undefined {
  let edges = 0
  const expanded: GraphNode[] = []
  for (const { name, dependsOn } of nodes) {
    edges += dependsOn.reduce((sum, edge) => sum + (stages.get(edge.name)?.size ?? 1), 0)
    if (edges > EDGES_MAX) return undefined
    const all = dependsOn.flatMap(({ name: wanted, span }) =>
      [...(stages.get(wanted) ?? [])].map((stage) => ({ name: stage, span })),
    )
    expanded.push({ name, dependsOn: all })
  }
  return expanded
}

function reportTooLarge(variant: NamedVariant | undefined, reporter: Reporter): void {
  const message = `the graph of dependencies has more than ${EDGES_MAX} edges`
  const span = variant?.pipeline.node.span ?? { start: 0, end: 0 }
  reporter.error('SP_PIPELINE_TOO_LARGE', span, message)
}
